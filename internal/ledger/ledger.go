package ledger

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"article14/mailer"
	"article14/mailer/retain"
)

// errBroken is a line that is not what was written.
var errBroken = errors.New("it is not what was written")

// Damage is a line that is missing, changed or out of place.
type Damage struct {
	Path string
	Line int64 // the first that is not sound; 0: the head
	Why  error
}

// Error says where, and what to do.
func (d *Damage) Error() string {
	return fmt.Sprintf("the ledger %s is damaged at line %d: %v: put back a copy of it, or see docs/backup.md under the ledger", d.Path, d.Line, d.Why)
}

// Unwrap gives the cause.
func (d *Damage) Unwrap() error { return d.Why }

// File is a ledger that is open for appending. It is safe for concurrent use.
type File struct {
	path string
	head head

	f    *os.File
	sync func() error

	mu      sync.Mutex
	waiting []*batch // who waits for the disk, while somebody writes
	writing bool
	last    Mark // behind the last line that this process has seen to be sound
}

var (
	_ mailer.Ledger       = (*File)(nil)
	_ retain.LedgerReader = (*File)(nil)
)

// batch is what one caller appends.
type batch struct {
	entries []mailer.LedgerEntry
	places  []mailer.LedgerPlace
	err     error
	done    chan struct{}
}

// Open opens a ledger, and makes it where there is none. The fingerprint is that of the
// identity key: hashes made with another one would find nobody.
func Open(path string, fingerprint []byte, now time.Time) (*File, error) {
	l, err := openFile(path, hex.EncodeToString(fingerprint), now)
	if err == nil {
		return l, nil
	}
	if errors.As(err, new(*Damage)) {
		return nil, err
	}
	return nil, fmt.Errorf("the ledger cannot be opened: %w: name a file that this user may write to (--ledger FILE), or do without (--ledger none)", err)
}

func openFile(path, fingerprint string, now time.Time) (*File, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	l := &File{path: path, f: f, sync: f.Sync}
	if err := l.start(fingerprint, now); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return l, nil
}

// start reads the head, or writes it into a new file.
func (l *File) start(fingerprint string, now time.Time) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	first, err := bufio.NewReader(l.f).ReadBytes('\n')
	if errors.Is(err, io.EOF) { // new, or broken off while its head was written
		if first, err = l.begin(fingerprint, now); err != nil {
			return err
		}
	}
	if err != nil {
		return err
	}
	if l.head, l.last, err = readHead(first); err != nil {
		return &Damage{l.path, 0, err}
	}
	if l.head.Keys != fingerprint {
		return errors.New("its hashes were made with another identity key: it is not the ledger of this key file")
	}
	return nil
}

func (l *File) begin(fingerprint string, now time.Time) ([]byte, error) {
	b, err := json.Marshal(head{mailer.NewID(now), format, now.UTC(), fingerprint})
	if err != nil {
		return nil, err
	}
	b = append(b, '\n')
	if err := l.f.Truncate(0); err != nil {
		return nil, err
	}
	if _, err := l.f.Write(b); err != nil {
		return nil, err
	}
	return b, errors.Join(l.sync(), syncFolder(filepath.Dir(l.path)))
}

// syncFolder has a new file's name on disk.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// ID names the ledger.
func (l *File) ID() mailer.ID { return l.head.Ledger }

// Path is where it stands.
func (l *File) Path() string { return l.path }

// Close lets go of the file. What was appended is on disk.
func (l *File) Close() error { return l.f.Close() }

// Append has entries on disk when it returns. Callers that come while another's are being
// written go together, with one wait for the disk.
func (l *File) Append(entries []mailer.LedgerEntry) ([]mailer.LedgerPlace, error) {
	b := &batch{entries: entries, done: make(chan struct{})}
	l.mu.Lock()
	l.waiting = append(l.waiting, b)
	lead := !l.writing
	l.writing = true
	l.mu.Unlock()
	if lead {
		l.write()
	}
	<-b.done
	if b.err != nil {
		return nil, fmt.Errorf("write the ledger: %w", b.err)
	}
	return b.places, nil
}

// write writes until nobody waits.
func (l *File) write() {
	for {
		l.mu.Lock()
		batches := l.waiting
		l.waiting = nil
		l.writing = len(batches) > 0
		l.mu.Unlock()
		if len(batches) == 0 {
			return
		}
		err := l.writeAll(batches)
		for _, b := range batches {
			b.err = err
			close(b.done)
		}
	}
}

func (l *File) writeAll(batches []*batch) error {
	if err := l.lock(); err != nil {
		return err
	}
	defer l.unlock()
	last, err := l.catchUp()
	if err != nil {
		return err
	}
	var out []byte
	next := last
	for _, b := range batches {
		b.places = b.places[:0]
		for _, e := range b.entries {
			text, behind, err := after(next, e)
			if err != nil {
				return err
			}
			out, next = append(out, text...), behind
			b.places = append(b.places, mailer.LedgerPlace{Ledger: l.head.Ledger, Line: next.Line})
		}
	}
	_, err = l.f.Write(out)
	if err == nil {
		err = l.sync()
	}
	if err != nil { // what of it is on disk is not known: nothing is built upon it
		next = last
		err = errors.Join(err, l.f.Truncate(last.Offset))
	}
	l.mu.Lock()
	l.last = next
	l.mu.Unlock()
	return err
}

// catchUp reads what other processes have appended, and cuts off what one of them left
// behind half written.
func (l *File) catchUp() (Mark, error) {
	info, err := os.Stat(l.path)
	if err != nil {
		return Mark{}, fmt.Errorf("it was taken away while it was in use: %w", err)
	}
	if own, err := l.f.Stat(); err != nil || !os.SameFile(info, own) {
		return Mark{}, errors.Join(errors.New("another file stands in its place: start again"), err)
	}
	l.mu.Lock()
	last := l.last
	l.mu.Unlock()
	last, err = l.Read(last, func(mailer.LedgerEntry, Mark) error { return nil })
	if err != nil {
		return last, err
	}
	return last, l.f.Truncate(last.Offset)
}

// Read visits each entry behind a mark, and gives the mark behind the last. A line without
// its end is left out: it is being written, or its writing was broken off. What is not
// sound is a *Damage.
func (l *File) Read(from Mark, visit func(mailer.LedgerEntry, Mark) error) (Mark, error) {
	info, err := l.f.Stat()
	if err != nil {
		return from, err
	}
	at := from
	if at.Offset == 0 {
		first, err := bufio.NewReader(io.NewSectionReader(l.f, 0, info.Size())).ReadBytes('\n')
		if err != nil {
			return at, &Damage{l.path, 0, errBroken}
		}
		if _, at, err = readHead(first); err != nil {
			return at, &Damage{l.path, 0, err}
		}
	}
	if info.Size() < at.Offset {
		return at, &Damage{l.path, at.Line, errors.New("it ends before what the database has had of it")}
	}
	r := bufio.NewReaderSize(io.NewSectionReader(l.f, at.Offset, info.Size()-at.Offset), 1<<20)
	for {
		b, err := r.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			l.seen(at)
			return at, nil
		}
		if err != nil {
			return at, err
		}
		entry, next, err := read(at, b)
		if err != nil {
			return at, &Damage{l.path, at.Line + 1, err}
		}
		if err := visit(entry, next); err != nil {
			return at, err
		}
		at = next
	}
}

// seen spares the next writer what was read already.
func (l *File) seen(m Mark) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if m.Line > l.last.Line {
		l.last = m
	}
}

// lock keeps other processes from writing.
func (l *File) lock() error {
	for {
		err := syscall.Flock(int(l.f.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}

func (l *File) unlock() { syscall.Flock(int(l.f.Fd()), syscall.LOCK_UN) }

// Look opens a ledger for reading alone.
func Look(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read the ledger: %w", err)
	}
	l := &File{path: path, f: f}
	first, err := bufio.NewReader(f).ReadBytes('\n')
	if err == nil {
		l.head, l.last, err = readHead(first)
	}
	if err != nil {
		return nil, errors.Join(&Damage{path, 0, errBroken}, f.Close())
	}
	return l, nil
}
