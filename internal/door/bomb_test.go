package door

import (
	"context"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/mailer/track"
)

// TestAMailBombCostsWhatIsKeptOfItAndNoMore brings 16 messages of 2 MiB at once, and
// measures the memory in use when all of them are in their keeping.
func TestAMailBombCostsWhatIsKeptOfItAndNoMore(t *testing.T) {
	const bombs, size, keep = 16, 2 << 20, 64 << 10
	d := newDesk(t)
	inside, on := make(chan struct{}), make(chan struct{})
	m := d.mail(Limits{Keep: keep, Connections: bombs + 1, PerClient: bombs + 1})
	m.Take = func(_ context.Context, in track.Incoming) error {
		if len(in.Raw) > keep+100 {
			t.Errorf("%d octets are kept", len(in.Raw))
		}
		inside <- struct{}{}
		<-on
		return nil
	}
	addr := serve(t, NewSMTP(m))
	chunk := strings.Repeat(strings.Repeat("x", 998)+"\r\n", 1<<16/1000)
	inUse := func() uint64 {
		runtime.GC()
		var s runtime.MemStats
		runtime.ReadMemStats(&s)
		return s.HeapAlloc
	}
	before := inUse()
	var all sync.WaitGroup
	for range bombs {
		all.Go(func() {
			nc, err := net.Dial("tcp", addr)
			if err != nil {
				t.Error(err)
				return
			}
			defer nc.Close()
			nc.SetDeadline(time.Now().Add(patience))
			nc.Write([]byte("EHLO x\r\nMAIL FROM:<>\r\nRCPT TO:<" + ours + ">\r\nDATA\r\n"))
			for sent := 0; sent < size; sent += len(chunk) {
				if _, err := nc.Write([]byte(chunk)); err != nil {
					t.Error(err)
					return
				}
			}
			nc.Write([]byte(".\r\n"))
			nc.Read(make([]byte, 1))
			<-on
		})
	}
	for range bombs {
		<-inside
	}
	grown := int64(inUse()) - int64(before)
	t.Logf("%d MiB on the wire are %d KiB in memory", bombs*size>>20, grown>>10)
	if grown > 4*bombs*keep {
		t.Errorf("%d octets are in memory, of %d that may be kept", grown, bombs*keep)
	}
	close(on)
	all.Wait()
}
