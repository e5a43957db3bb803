package journal

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"article14/mailer"
	"article14/mailer/deliver"
)

// pageSize is how far a page is filled before the next one begins.
const pageSize = 8 << 20

// Journal is that of one running worker. It is safe for concurrent use.
type Journal struct {
	folder string   // of the controller's workers
	own    string   // in it, this worker's
	lock   *os.File // held while it lives
	boot   string
	now    func() time.Time

	mu     sync.Mutex
	pages  []*page // the oldest first; the last one is written
	claims map[mailer.ID]*page
	file   *os.File
	size   int64
	torn   bool // behind size stands what a failed write has left
	gone   bool // somebody has removed the folder
	buf    []byte
	failed error // why the last write failed
}

var _ deliver.Journal = (*Journal)(nil)

// page is a file, and how many claims noted in it have not ended.
type page struct {
	path string
	n    int
	open int
}

// Open begins a journal in a folder, which it makes. Journals of different
// controllers, and so of different databases, stay apart.
func Open(folder string, controller mailer.ID, now func() time.Time) (*Journal, error) {
	j := &Journal{folder: filepath.Join(folder, controller.String()), claims: map[mailer.ID]*page{}, boot: thisBoot(), now: now}
	if err := j.start(); err != nil {
		return nil, fmt.Errorf("the journal cannot be written: %w: name a folder on this machine that this user may write to (--journal DIR), or do without (--journal none)", err)
	}
	return j, nil
}

// start makes folders until it has one of its own.
func (j *Journal) start() error {
	err := os.MkdirAll(j.folder, 0o700)
	for err == nil && j.lock == nil {
		err = j.begin()
	}
	return err
}

// begin makes a folder and its first page. Another worker may hold a folder without
// pages for an orphan, and take it away under our hands: then there is no lock.
func (j *Journal) begin() (err error) {
	j.own = filepath.Join(j.folder, mailer.NewID(j.now()).String())
	if err = os.Mkdir(j.own, 0o700); err != nil {
		return err
	}
	j.lock, err = lock(j.own)
	if err == nil && j.lock != nil {
		err = j.turn()
	}
	if err == nil || !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if j.lock != nil { // the lock of a folder that is gone
		err = j.lock.Close()
		j.lock = nil
		return err
	}
	return nil
}

// turn begins the next page.
func (j *Journal) turn() error {
	next := &page{n: 1}
	if len(j.pages) > 0 {
		next.n = j.pages[len(j.pages)-1].n + 1
	}
	next.path = filepath.Join(j.own, fmt.Sprintf("%06d", next.n))
	f, err := os.OpenFile(next.path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|os.O_TRUNC, 0o600) // one that failed may have left its file
	if err != nil {
		return err
	}
	top := appendHead(nil, head{Format: format, Page: next.n, Boot: j.boot})
	if _, err := f.Write(top); err != nil {
		return errors.Join(err, f.Close(), os.Remove(next.path))
	}
	if j.file != nil {
		j.file.Close() // all of it was written: there is nothing more that closing could lose
	}
	j.file, j.size, j.torn, j.pages = f, int64(len(top)), false, append(j.pages, next)
	j.drop()
	return nil
}

// drop removes the oldest pages, as far as all claims noted in them have ended: what
// stands in a page is about claims that were noted there or before.
func (j *Journal) drop() {
	for len(j.pages) > 1 && j.pages[0].open == 0 {
		if err := os.Remove(j.pages[0].path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return // it is tried again with the next one
		}
		j.pages = j.pages[1:]
	}
}

// Claimed notes a claim.
func (j *Journal) Claimed(claim mailer.ID) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := len(j.buf)
	j.buf = appendClaim(j.buf, "claimed", claim)
	if err := j.write(kept); err != nil {
		return err
	}
	at := j.pages[len(j.pages)-1]
	j.claims[claim] = at
	at.open++
	return nil
}

// Note writes down what an attempt came to, or comes to if nothing more is heard.
func (j *Journal) Note(s mailer.Settlement) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept := len(j.buf)
	j.buf = appendEnd(j.buf, &s)
	return j.write(kept)
}

// Ended notes that all of a claim is settled or released. It goes along with what is
// written next: nothing is lost with it.
func (j *Journal) Ended(claim mailer.ID) {
	j.mu.Lock()
	defer j.mu.Unlock()
	at := j.claims[claim]
	if at == nil {
		return
	}
	delete(j.claims, claim)
	at.open--
	j.buf = appendClaim(j.buf, "ended", claim)
	j.drop()
}

// write hands all of buf to the kernel in one call. Of what fails only the part
// behind kept is given up: what stands before it waits for the next write.
func (j *Journal) write(kept int) error {
	err := j.ready()
	if err == nil {
		var n int
		if n, err = j.file.Write(j.buf); err == nil {
			j.size += int64(n)
			kept = 0
		}
		j.torn = j.torn || n > 0 && err != nil
	}
	j.failed = err
	j.buf = j.buf[:kept]
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

// ready sees to a page that can be written to. What a failed write has left is cut
// off, so that no line stands behind it.
func (j *Journal) ready() error {
	if j.gone {
		return j.startAgain()
	}
	if j.torn {
		if err := j.file.Truncate(j.size); err != nil {
			return err
		}
		j.torn = false
	}
	if j.size >= pageSize {
		return j.turn()
	}
	return nil
}

// errGone is a journal whose files nobody will find.
var errGone = errors.New("its folder was removed")

// startAgain makes a new folder once nothing stands in the old one that has not ended.
func (j *Journal) startAgain() error {
	if len(j.claims) > 0 {
		return errGone
	}
	j.file.Close() // nobody can read them any more
	j.lock.Close()
	j.file, j.lock, j.pages, j.gone = nil, nil, nil, false
	err := j.start()
	j.gone = err != nil
	return err
}

// Check says why the last write failed; nil: it did not. Readiness asks it. No journal
// (nil) is well.
func (j *Journal) Check(context.Context) error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.failed
}

// Close ends the journal. One in which every claim has ended goes; another stays for
// whoever finds it. With no journal (nil) there is nothing to do.
func (j *Journal) Close() error {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	err := j.file.Close()
	if len(j.claims) == 0 {
		err = errors.Join(err, remove(j.own, j.pages))
	}
	return errors.Join(err, j.lock.Close())
}

// remove takes a worker's pages away, the oldest first, and its folder. What else
// somebody has put there stays.
func remove(dir string, pages []*page) error {
	for _, p := range pages {
		if err := os.Remove(p.path); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	os.Remove(dir)
	return nil
}
