package bounce

import (
	"slices"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/track"
)

func TestAFailureHasTheClassOfTheReplyBehindIt(t *testing.T) { // E3
	for _, c := range []struct {
		status string
		code   int
		want   mailer.ReplyClass
	}{
		{"5.1.1", 550, mailer.ClassDeadAddress},
		{"5.1.1", 0, mailer.ClassDeadAddress},
		{"5.1.10", 0, mailer.ClassDeadAddress}, // RFC 7505
		{"5.1.8", 550, mailer.ClassPolicy},     // the sender's address
		{"5.2.1", 550, mailer.ClassTransient},  // disabled: the mailbox is there
		{"5.2.2", 552, mailer.ClassMailboxFull},
		{"4.2.2", 452, mailer.ClassMailboxFull}, // given up, and full still
		{"5.3.4", 552, mailer.ClassTooLarge},
		{"5.4.4", 0, mailer.ClassDeadAddress},
		{"4.4.4", 0, mailer.ClassTransient},
		{"5.4.316", 0, mailer.ClassTransient},
		{"5.6.1", 554, mailer.ClassContent},
		{"5.7.1", 554, mailer.ClassPolicy},
		{"4.7.1", 450, mailer.ClassTransient}, // greylisted to the end
		{"4.7.0", 421, mailer.ClassPolicy},
		{"4.4.7", 0, mailer.ClassTransient},
		{"4.0.0", 0, mailer.ClassTransient},
		{"4.1.1", 450, mailer.ClassTransient}, // without words it may be a check that found no answer
		{"5.0.0", 550, mailer.ClassRefused},   // a bare 550 names no dead mailbox
		{"5.0.0", 0, mailer.ClassRefused},
		{"", 552, mailer.ClassMailboxFull},
		{"", 556, mailer.ClassDeadAddress},
		{"", 535, mailer.ClassPolicy},
		{"", 451, mailer.ClassTransient},
		{"", 0, mailer.ClassRefused},
		{"5.1.1", 250, mailer.ClassDeadAddress},
		{"2.0.0", 250, mailer.ClassRefused}, // says failed, whatever else it says
	} {
		r := track.RecipientReport{Action: track.ActionFailed, Status: c.status, Code: c.code}
		if got := Judge(r); got != c.want {
			t.Errorf("%s %d is %s, want %s", c.status, c.code, got, c.want)
		}
	}
}

func TestWordsAndCodesThatContradictEachOtherAreWeighed(t *testing.T) { // E3: nobody is held to be dead for our standing
	for _, c := range []struct {
		status, diagnostic string
		want               mailer.ReplyClass
		further            string
	}{
		{"5.1.1", "550 5.1.1 blocked, see https://www.spamhaus.org/query", mailer.ClassPolicy, ""},
		{"5.1.1", "550 5.1.1 mailbox full", mailer.ClassMailboxFull, ""},
		{"5.1.1", "554 5.1.1 Message rejected: SPF check failed", mailer.ClassPolicy, ""},
		{"5.7.1", "554 5.7.1 relay access denied", mailer.ClassPolicy, ""},
		{"5.7.1", "553 sorry, no such user", mailer.ClassDeadAddress, ""},       // 5.7.1 is what the reporting system made of it
		{"5.7.1", "550 5.7.1 user unknown", mailer.ClassPolicy, ""},             // the server itself gives it: it may only say so to us
		{"5.0.0", "550 user unknown", mailer.ClassDeadAddress, ""},              //
		{"5.2.2", "552 5.2.2 user unknown", mailer.ClassDeadAddress, ""},        //
		{"4.1.1", "450 4.1.1 user unknown", mailer.ClassDeadAddress, ""},        // tried to the end, and about the mailbox
		{"4.0.0", "450 user unknown", mailer.ClassTransient, ""},                //
		{"4.4.3", "host not found, try again", mailer.ClassTransient, ""},       //
		{"5.4.4", "host not found", mailer.ClassDeadAddress, ""},                //
		{"5.5.0", "550 mailbox unavailable", mailer.ClassDeadAddress, ""},       // vague, and nothing else is said
		{"5.7.1", "550 5.7.1 mailbox unavailable", mailer.ClassPolicy, ""},      // the code says more than vague words
		{"5.1.1", "550 5.1.1 rejected by policy", mailer.ClassDeadAddress, ""},  // so it does here
		{"5.0.0", "550 denied by policy", mailer.ClassPolicy, ""},               //
		{"5.0.0", "", mailer.ClassMailboxFull, "<ann@example.org>: over quota"}, // the words are elsewhere
		{"5.7.1", "554 5.7.1 no", mailer.ClassPolicy, "the mailbox is full"},    // but less than a code
		{"5.0.0", "550 <ann@example.org>: Recipient address rejected: come back on Monday", mailer.ClassRefused, ""},
		{"5.0.0", "550 <ann@example.org>: Recipient address rejected: Access denied", mailer.ClassDeadAddress, ""},
		{"5.0.0", "550 unknown user", mailer.ClassPolicy, "(in reply to end of DATA command)"},
		{"5.0.0", "550 unknown user", mailer.ClassDeadAddress, "(in reply to RCPT TO command)"},
		{"5.0.0", "550 host does not exist", mailer.ClassPolicy, "SMTP error from remote mail server after pipelined MAIL FROM:<x@y>: 550"},
		{"5.0.0", "550 account disabled: user unknown", mailer.ClassTransient, ""},
		{"4.2.2", "452 4.2.2 the account is over quota and inactive", mailer.ClassMailboxFull, ""},
		{"5.3.0", "5.1.0 - Unknown address error 550-'5.7.1 access denied' (delivery attempts: 0)", mailer.ClassPolicy, ""},
		{"5.0.0", "Benutzer unbekannt", mailer.ClassDeadAddress, ""},
		{"5.0.0", "La boîte aux lettres est pleine", mailer.ClassMailboxFull, ""},
		{"5.0.0", "Uživatel neexistuje", mailer.ClassDeadAddress, ""},
		{"5.0.0", "550 5.0.0 <user-unknown@example.org> said nothing", mailer.ClassRefused, ""}, // an address says nothing
	} {
		var r track.RecipientReport
		r.Action = track.ActionFailed
		r.Status, r.Code, r.Diagnostic = reply(c.status, c.diagnostic)
		if got := Judge(r, c.further); got != c.want {
			t.Errorf("%s %q %q is %s, want %s", c.status, c.diagnostic, c.further, got, c.want)
		}
	}
}

func TestADelayMakesNoAddressDead(t *testing.T) { // E3
	for _, words := range []string{"550 5.1.1 user unknown", "no such domain", "450 4.1.1 user unknown"} {
		var r track.RecipientReport
		r.Action = track.ActionDelayed
		r.Status, r.Code, r.Diagnostic = reply("4.0.0", words)
		if got := Judge(r); got != mailer.ClassTransient {
			t.Errorf("delayed for %q is %s", words, got)
		}
	}
}

// TestEachPhraseIsInItsPlaceAndIsHeard: a phrase that is not as plain text is can
// never be said, and one that an earlier meaning of another class takes is dead.
func TestEachPhraseIsInItsPlaceAndIsHeard(t *testing.T) {
	seen := map[string]string{}
	for _, table := range [][]meaning{sure, vague} {
		for _, m := range table {
			if !slices.Contains(track.BounceClasses, m.class) || m.about == "" || len(m.phrases) == 0 {
				t.Errorf("%q: no meaning", m.about)
			}
			for _, p := range m.phrases {
				if before, twice := seen[p]; twice {
					t.Errorf("%q stands under %q and %q", p, before, m.about)
				}
				seen[p] = m.about
				spoken := strings.ReplaceAll(p, " * ", " so ")
				if got := plain(spoken); strings.TrimSpace(got) != strings.TrimSpace(spoken) {
					t.Errorf("%q is never said: plain text of it is %q", p, got)
				}
				if got := meant(table, plain(" "+spoken+" ")); got == nil || got.class != m.class {
					t.Errorf("%q, under %q, is taken by %v", p, m.about, got)
				}
			}
		}
	}
	if len(seen) < 700 {
		t.Errorf("only %d phrases were looked at", len(seen))
	}
}

func TestAGapEndsWithItsSentence(t *testing.T) {
	for _, c := range []struct {
		text, phrase string
		want         bool
	}{
		{"user x unknown", "user * unknown", true},
		{"user user x unknown", "user * unknown", true},
		{"user x. the host is unknown", "user * unknown", false},
		{"user " + strings.Repeat("x", maxGap+10) + " unknown", "user * unknown", false},
		{"unknown user", "user * unknown", false},
		{"user", "user * unknown", false},
	} {
		if got := says(c.text, c.phrase); got != c.want {
			t.Errorf("%q says %q: %v", c.text, c.phrase, got)
		}
	}
}
