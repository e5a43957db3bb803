package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// disk is a small file system that can be filled to its last byte.
type disk struct {
	folder  string
	mounted bool
}

// newDisk makes one with room for the trial's database, twice over.
func newDisk(folder string, people int) (*disk, error) {
	d := &disk{folder: folder}
	if err := os.Mkdir(folder, 0o711); err != nil {
		return nil, err
	}
	err := mountSmall(folder, 500<<20+int64(people)*30<<10)
	d.mounted = err == nil
	if err != nil && !errors.Is(err, syscall.EPERM) && !errors.Is(err, errors.ErrUnsupported) {
		return nil, fmt.Errorf("mount a small file system: %w", err)
	}
	return d, nil
}

func (d *disk) ballast() string { return filepath.Join(d.folder, "ballast") }

// fill takes all the room that is left.
func (d *disk) fill() error {
	f, err := os.Create(d.ballast())
	if err != nil {
		return err
	}
	chunk := make([]byte, 1<<20)
	for len(chunk) > 0 {
		if _, err = f.Write(chunk); errors.Is(err, syscall.ENOSPC) {
			chunk = chunk[:len(chunk)/2]
		} else if err != nil {
			break
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		err = nil
	}
	return errors.Join(err, f.Close())
}

// empty gives the room back.
func (d *disk) empty() error { return os.Remove(d.ballast()) }

func (d *disk) close() error {
	if !d.mounted {
		return nil
	}
	return unmount(d.folder)
}

// fillDisk fills the disk of the database until the workers feel it, then makes room
// again. PostgreSQL may have ended by that, and is started again then.
//
// Where no file system can be mounted the database refuses to write instead, as
// hosted ones do that have used up their quota.
func fillDisk(ctx context.Context, s *scene) error {
	if err := s.crew.startAll(ctx); err != nil {
		return err
	}
	full, well := s.disk.fill, func(ctx context.Context) error { return errors.Join(s.disk.empty(), s.server.Revive(ctx)) }
	if !s.disk.mounted {
		s.result.Note = "no file system could be mounted here: the database refused to write instead"
		full = func() error { return s.server.ReadOnly(ctx, true) }
		well = func(ctx context.Context) error { return s.server.ReadOnly(ctx, false) }
	}
	if err := s.taken(ctx, s.moments(2)[0]); err != nil {
		return err
	}
	s.sink.hold() // so that the run is not over before the disk is full
	heard := s.crew.said(notTaken)
	if err := full(); err != nil {
		return err
	}
	if err := s.until(ctx, "the database feels the full disk", func() bool { return s.writeLog(ctx) != nil }); err != nil {
		return err
	}
	s.result.Faults++
	s.sink.release()
	err := s.until(ctx, "the workers feel the full disk", func() bool {
		s.writeLog(ctx) // one that has recovered meanwhile is full again
		return s.crew.said(notTaken) >= heard+felt
	})
	if err != nil {
		return err
	}
	if err := well(ctx); err != nil {
		return err
	}
	return s.finish(ctx)
}

// writeLog uses up a little of the room that PostgreSQL has set aside for its log of
// changes, as other users of the server would.
func (s *scene) writeLog(ctx context.Context) error {
	_, err := s.db.ExecContext(ctx, "SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 1 << 20))")
	return err
}

// felt is how often they try in vain before there is room again.
const felt = 4

// notTaken is what a worker logs of a database that does not write.
const notTaken = "the database did not take"
