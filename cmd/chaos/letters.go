package main

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"article14/mailer"
)

// letter is one message that is brought to the door.
type letter struct {
	kind string
	from string // envelope sender; reports have the null sender
	to   string
	key  string        // letters of one key are the same message again
	back mailer.ID     // the notice that truly came back with it; zero: none did
	text func() []byte // made when it is brought: many are large
	want int           // the door's last word; 0: any refusal, also by hanging up
}

// deliveryEnd is what a delivery and its duty shall come to.
type deliveryEnd struct {
	state mailer.DeliveryState
	duty  string // state and reason
}

var untouched = deliveryEnd{mailer.Relayed, string(mailer.DutyMet)}

// failure is a way in which notices come back, and what follows.
type failure struct {
	status, said string
	end          deliveryEnd
}

// Of the notices that come back half find no mailbox, half are too large for it.
var failures = []failure{
	{"5.1.1", "550 5.1.1 user unknown", deliveryEnd{mailer.Bounced, string(mailer.DutyBlocked) + " " + string(mailer.BlockAddressDead)}},
	{"5.3.4", "552 5.3.4 message size exceeds fixed limit", deliveryEnd{mailer.Bounced, string(mailer.DutyBlocked) + " " + string(mailer.BlockRefused)}},
}

// doorMailbox is a mailbox that the door is open for beside our envelope senders.
const doorMailbox = "reports@chaos.example"

// notice is one that went out.
type notice struct {
	envelope
	id   mailer.ID
	back *failure // nil: it arrived
}

// pen writes the letters of a flood.
type pen struct {
	rand    *rand.Rand
	notices []notice
	back    []notice // that come back
	fine    []notice // that arrived
	letters []letter
}

// In what comes back, one notice in how many truly did, and how often each of these is brought.
const (
	oneBackIn = 10
	replays   = 5
)

// newPen decides which notices come back.
func newPen(r *rand.Rand, notices []notice) *pen {
	p := &pen{rand: r, notices: notices}
	for n, i := range r.Perm(len(notices)) {
		if n%oneBackIn == 0 {
			notices[i].back = &failures[n/oneBackIn%len(failures)]
			p.back = append(p.back, notices[i])
		} else {
			p.fine = append(p.fine, notices[i])
		}
	}
	return p
}

// write writes five letters for each notice, in a random order with the bombs spread evenly.
func (p *pen) write() []letter {
	n := len(p.notices)
	p.trueOnes()
	p.forged()
	p.loops(2 * n / 10)
	p.automatic(n / 10)
	bombs := max(len(bombs), n/100)
	p.junk(5*n - len(p.letters) - bombs)
	p.rand.Shuffle(len(p.letters), func(i, j int) { p.letters[i], p.letters[j] = p.letters[j], p.letters[i] })
	return p.withBombs(bombs)
}

// add adds a letter that nobody has written yet.
func (p *pen) add(kind, to string, want int, text func(messageID string) []byte) *letter {
	key := fmt.Sprintf("%s-%d@mx.example", kind, len(p.letters))
	p.letters = append(p.letters, letter{kind: kind, to: to, key: key, want: want, text: func() []byte { return text(key) }})
	return &p.letters[len(p.letters)-1]
}

func (p *pen) one(of []notice) notice { return of[p.rand.IntN(len(of))] }

// trueOnes are the reports of what came back, each several times. Every fourth comes from a
// system that returns to the mailbox, and quotes no more than the Message-ID.
func (p *pen) trueOnes() {
	for i, n := range p.back {
		r := report{about: n.envelope, failure: *n.back, envid: mailer.EnvelopeID(n.from)}
		to := n.from
		if i%4 == 3 {
			to, r.envid = doorMailbox, ""
		}
		first := p.add("true", to, 250, r.text)
		first.back = n.id
		l := *first
		for range replays - 1 {
			p.letters = append(p.letters, l)
		}
	}
}

// forged are four for every notice, whether it came back or not.
func (p *pen) forged() {
	for _, n := range p.notices {
		failed := failures[0]
		wrong := mangled(n.from)
		p.add("wrong MAC", wrong, 550, report{about: n.envelope, failure: failed, envid: mailer.EnvelopeID(n.from)}.text)
		p.add("wrong ENVID", doorMailbox, 250, report{about: n.envelope, failure: failed, envid: mailer.EnvelopeID(wrong)}.text)

		// Whoever has the address of one that came back says with it that another did.
		x := p.one(p.back)
		p.add("another's", x.from, 250, report{about: n.envelope, failure: *x.back, envid: mailer.EnvelopeID(n.from)}.text)

		// What can be known of an id is its time: the rest has to be guessed.
		guess := n.envelope
		id := n.id
		for i := 8; i < len(id); i++ {
			id[i] = byte(p.rand.Uint32())
		}
		id[8] = id[8]&0x3f | 0x80 // still a UUID (RFC 9562, 4.1)
		guess.messageID = id.String() + n.messageID[strings.Index(n.messageID, "@"):]
		p.add("guessed", doorMailbox, 250, report{about: guess, failure: failed}.text)
	}
}

// mangled is an envelope sender of ours with another MAC.
func mangled(from string) string {
	b := []byte(from)
	i := strings.Index(from, "@") - 5
	if b[i]++; b[i] > 'z' || b[i] < 'a' {
		b[i] = 'a'
	}
	return string(b)
}

// loops are reports about reports: each round has come by some more hops, until the door
// lets it go round no longer.
func (p *pen) loops(n int) {
	const rounds, hops, most = 10, 7, 50
	for i := range n {
		x, round := p.one(p.back), 1+i%rounds
		want := 250
		if round*hops > most {
			want = 554
		}
		p.add("loop", x.from, want, func(messageID string) []byte {
			inner := report{about: x.envelope, failure: *x.back}.text("inner-" + messageID)
			outer := report{about: envelope{to: "mailer-daemon@mx.example"}, failure: *x.back, returned: string(inner)}.text(messageID)
			received := "Received: from mx.example by mx.example; Thu, 01 Jan 2026 00:00:00 +0000\r\n"
			return append([]byte(strings.Repeat(received, round*hops)), outer...)
		})
	}
}

// automatic are replies of programs, to notices that arrived and to the mailbox.
func (p *pen) automatic(n int) {
	for i := range n {
		to := p.one(p.fine).from
		if i%3 == 0 {
			to = doorMailbox
		}
		p.add("automatic", to, 250, func(messageID string) []byte {
			return plain(messageID, "Auto-Submitted: auto-replied\r\nSubject: Out of office\r\n", "I am away until Monday.\r\n")
		})
	}
}

// junk is what nobody meant for us: noise from the null sender, and advertisements.
func (p *pen) junk(n int) {
	for i := range n {
		to := p.one(p.fine).from
		if i%2 == 0 {
			to = doorMailbox
		}
		seed := p.rand.Uint64()
		l := p.add("junk", to, 250, func(messageID string) []byte {
			r, noise := rand.New(rand.NewPCG(seed, 0)), make([]byte, 3000)
			for i := range noise {
				noise[i] = byte(r.Uint32())
			}
			return append([]byte(messageID+"\r\n"), noise...)
		})
		if i%3 == 0 {
			l.from = "shop@advert.example"
			l.text = func() []byte { return plain(l.key, "Subject: Lamps at half price\r\n", "Only today.\r\n") }
		}
	}
}
