package postfix

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"sync"
)

// Greylist is a policy service (Postfix's SMTPD_POLICY_README) that turns the first
// mail for a recipient away for now, as greylisting does with a sender it has not met.
type Greylist struct {
	listener net.Listener
	chosen   func(recipient string) bool

	mu  sync.Mutex
	met map[string]bool
}

// OpenGreylist opens one that greylists the recipients that are chosen.
func OpenGreylist(chosen func(recipient string) bool) (*Greylist, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	g := &Greylist{listener: l, chosen: chosen, met: map[string]bool{}}
	go g.serve()
	return g, nil
}

// Restriction names the service for smtpd_recipient_restrictions.
func (g *Greylist) Restriction() string {
	return "check_policy_service inet:" + g.listener.Addr().String()
}

// Deferred is how many recipients were turned away for now.
func (g *Greylist) Deferred() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.met)
}

// Close ends the service.
func (g *Greylist) Close() error { return g.listener.Close() }

func (g *Greylist) serve() {
	for {
		c, err := g.listener.Accept()
		if err != nil {
			return
		}
		go g.talk(c)
	}
}

// talk answers requests of lines "name=value", each closed by an empty line.
func (g *Greylist) talk(c net.Conn) {
	defer c.Close()
	recipient := ""
	for lines := bufio.NewScanner(c); lines.Scan(); {
		if name, value, _ := strings.Cut(lines.Text(), "="); name == "recipient" {
			recipient = value
		} else if name == "" {
			fmt.Fprintf(c, "action=%s\n\n", g.judge(recipient))
		}
	}
}

func (g *Greylist) judge(recipient string) (action string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.chosen(recipient) || g.met[recipient] {
		return "DUNNO"
	}
	g.met[recipient] = true
	return "DEFER 4.7.1 we have not met: come back in a moment"
}
