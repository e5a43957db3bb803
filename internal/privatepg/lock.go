package privatepg

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
)

// pause between two looks at a condition that the kernel cannot wake us for.
const pause = 10 * time.Millisecond

// until waits for the condition, an error of it, or the end of ctx.
func until(ctx context.Context, condition func() (bool, error)) error {
	tick := time.NewTicker(pause)
	defer tick.Stop()
	for {
		if met, err := condition(); met || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// tryLock takes the flock on path in the given way (LOCK_SH, LOCK_EX) and
// returns the file that holds it, or nil if others stand against it.
func tryLock(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := flock(f, how|syscall.LOCK_NB); {
	case err == nil:
		return f, nil
	case errors.Is(err, syscall.EWOULDBLOCK):
		return nil, f.Close()
	default:
		return nil, errors.Join(fmt.Errorf("lock %s: %w", path, err), f.Close())
	}
}

// lock is tryLock with patience.
func lock(ctx context.Context, path string, how int) (held *os.File, err error) {
	err = until(ctx, func() (bool, error) {
		held, err = tryLock(path, how)
		return held != nil, err
	})
	return held, err
}

// unlock releases at once. Closing alone would leave the lock, for an instant,
// with a child that another goroutine has just forked.
func unlock(f *os.File) error {
	return errors.Join(flock(f, syscall.LOCK_UN), f.Close())
}

// flock is flock(2), begun again when a signal comes between.
func flock(f *os.File, how int) error {
	for {
		if err := syscall.Flock(int(f.Fd()), how); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
