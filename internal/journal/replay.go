package journal

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"article14/mailer"
	"article14/mailer/deliver"
)

// maxLine bounds a line, with its line feed. The longest that is written has some two
// kilobytes: a reply keeps 200 characters.
const maxLine = 64 << 10

// Replay gives what workers that are gone have left behind to fn, one after the other,
// and removes what fn took. What it failed on stays, and is given again. Nobody else
// has it in hand meanwhile.
func (j *Journal) Replay(fn func(deliver.Leftover) error) error {
	own := j.look()
	entries, err := os.ReadDir(j.folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil // with its own, if it had one there: the next line says so
	}
	if err != nil {
		return fmt.Errorf("look for journals of workers that are gone: %w", err)
	}
	var all error
	for _, e := range entries {
		worker, err := mailer.ParseID(e.Name())
		dir := filepath.Join(j.folder, e.Name())
		if err != nil || !e.IsDir() || dir == own {
			continue
		}
		all = errors.Join(all, replay(dir, worker, j.boot, fn))
	}
	return all
}

// look gives the worker's own folder, and sees whether it is still there.
func (j *Journal) look() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := os.Stat(j.own); errors.Is(err, os.ErrNotExist) {
		j.gone = true
	}
	return j.own
}

func replay(dir string, worker mailer.ID, boot string, fn func(deliver.Leftover) error) error {
	held, err := lock(dir)
	if errors.Is(err, os.ErrNotExist) || err == nil && held == nil {
		return nil // it is done with, or its worker lives
	}
	if err != nil {
		return fmt.Errorf("open the journal %s: %w", dir, err)
	}
	defer held.Close()
	r := reading{boot: boot, ends: map[mailer.ID]mailer.Settlement{}, claims: map[mailer.ID]bool{}}
	pages, err := pagesOf(dir)
	if err == nil {
		err = r.read(pages)
	}
	if err != nil {
		return fmt.Errorf("read the journal %s, which stays: %w", dir, err)
	}
	if left := r.leftover(worker); len(left.Claims) > 0 || left.Damage != "" {
		if err := fn(left); err != nil {
			return err
		}
	}
	return remove(dir, pages)
}

// pagesOf are a worker's pages, the oldest first.
func pagesOf(dir string) (pages []*page, err error) {
	entries, err := os.ReadDir(dir) // sorted by name
	for _, e := range entries {
		if n, err := strconv.Atoi(e.Name()); err == nil && n > 0 && e.Name() == fmt.Sprintf("%06d", n) {
			pages = append(pages, &page{path: filepath.Join(dir, e.Name()), n: n})
		}
	}
	return pages, err
}

// reading is a journal that is being read.
type reading struct {
	boot   string
	claims map[mailer.ID]bool              // that are not known to have ended
	order  []mailer.ID                     // attempts
	ends   map[mailer.ID]mailer.Settlement // by attempt, the last word on each
	other  bool                            // the machine has gone down since
	damage string
}

// errNewer leaves alone what a newer program has written.
var errNewer = errors.New("it has another form than this program knows: start the program that wrote it, or a newer one")

// read reads page after page, up to the first damage.
func (r *reading) read(pages []*page) error {
	for i, p := range pages {
		if i > 0 && p.n != pages[i-1].n+1 {
			r.damage = fmt.Sprintf("page %d is missing", pages[i-1].n+1)
		}
		if r.damage != "" {
			return nil
		}
		f, err := os.Open(p.path)
		if err != nil {
			return err
		}
		err = r.page(f, p.n, i == len(pages)-1)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

func (r *reading) page(f io.Reader, n int, last bool) error {
	in := bufio.NewReaderSize(f, maxLine)
	for at := 1; ; at++ {
		raw, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && (len(raw) == 0 && at > 1 || last):
			return nil // its end, or the line that its worker was killed over
		case err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
		var l line
		ok := err == nil
		if ok {
			l, ok = parse(raw[:len(raw)-1])
		}
		if !ok || (l.Head != nil) != (at == 1) || l.Head != nil && l.Head.Format == format && l.Head.Page != n {
			r.damage = fmt.Sprintf("page %d has a line %d that its worker did not write", n, at)
			return nil
		}
		if l.Head != nil && l.Head.Format != format {
			return errNewer
		}
		r.take(l)
	}
}

func (r *reading) take(l line) {
	switch {
	case l.Head != nil:
		r.other = r.other || l.Head.Boot == "" || l.Head.Boot != r.boot
	case !l.Claimed.IsZero():
		r.claims[l.Claimed] = true
	case !l.Ended.IsZero():
		delete(r.claims, l.Ended)
	case r.claims[l.End.Claim]:
		s := l.End.settlement()
		if _, known := r.ends[s.AttemptID]; !known {
			r.order = append(r.order, s.AttemptID)
		}
		r.ends[s.AttemptID] = s
	}
}

func (r *reading) leftover(worker mailer.ID) deliver.Leftover {
	left := deliver.Leftover{Worker: worker, Whole: !r.other && r.damage == "", Damage: r.damage}
	for claim := range r.claims {
		left.Claims = append(left.Claims, claim)
	}
	for _, attempt := range r.order {
		if s := r.ends[attempt]; r.claims[s.ClaimID] {
			left.Ends = append(left.Ends, s)
		}
	}
	return left
}
