package bounce

import (
	"encoding/base64"
	"strings"
	"testing"

	"article14/mailer/track"
)

func TestAnAnswerIsGivenWithoutWhatItQuotes(t *testing.T) {
	const said = "Please delete my data.\n\nAnn"
	for name, text := range map[string]string{
		"nothing quoted":      said,
		"marked":              said + "\n\nOn Mon, 4 May 2026 at 10:00, Us <notice@us.example> wrote:\n> we hold data\n> about you\n",
		"marked, in two":      said + "\n\nOn Mon, 4 May 2026 at 10:00, Us\n<notice@us.example> wrote:\n\n> we hold data\n",
		"above the answer":    "On Mon, 4 May 2026, Us <notice@us.example> wrote:\n> we hold data\n> about you\n\n" + said,
		"in German":           said + "\n\nAm 4. Mai 2026 um 10:00 schrieb Us <notice@us.example>:\n\nwe hold data\n",
		"in French":           said + "\n\nLe lun. 4 mai 2026 à 10:00, Us <notice@us.example> a écrit :\n\nwe hold data\n",
		"in Polish":           said + "\n\npon., 4 maj 2026 o 10:00 Us <notice@us.example> napisał(a):\n\n> we hold data\n",
		"Outlook":             said + "\n\n________________________________\nFrom: Us <notice@us.example>\nSent: Monday, 4 May 2026 10:00\nTo: Ann\nSubject: what we hold\n\nwe hold data\n",
		"Outlook, in German":  said + "\n\nVon: Us <notice@us.example>\nGesendet: Montag, 4. Mai 2026 10:00\nAn: Ann\nBetreff: what we hold\n\nwe hold data\n",
		"Outlook, in Spanish": said + "\n\n-----Mensaje original-----\nDe: Us <notice@us.example>\nEnviado el: lunes, 4 de mayo de 2026\nPara: Ann\nAsunto: what we hold\n\nwe hold data\n",
		"with its header":     said + "\n\n-------- Forwarded message --------\n" + ourHeader,
	} {
		r := Read([]byte("From: Ann <ann@example.org>\nSubject: =?utf-8?Q?R=C3=A9=3A_vous?=\nContent-Type: text/plain; charset=utf-8\n\n" + text))
		if r.Kind != track.KindAnswer || r.Said.Text != said || r.Said.From != "ann@example.org" || r.Said.Subject != "Ré: vous" {
			t.Errorf("%s: %s %+v", name, r.Kind, r.Said)
		}
	}
}

// TestNothingThatMayBeAnObjectionIsCutOff: where an answer seems to be all
// quotation, it is given whole.
func TestNothingThatMayBeAnObjectionIsCutOff(t *testing.T) { // R5
	for _, text := range []string{
		"> stop writing to me",
		"On Monday I wrote:\n\nstop writing to me",
		"From: me\nTo: you\nAbout: stop writing to me",
	} {
		if r := Read([]byte("From: Ann <ann@example.org>\nSubject: x\n\n" + text)); !strings.Contains(r.Said.Text, "stop writing to me") {
			t.Errorf("of %q is left %q", text, r.Said.Text)
		}
	}
}

func TestWordsAreReadInWhateverTheyAreWritten(t *testing.T) {
	const said = "Löscht alles, s'il vous plaît"
	latin := "L\xf6scht alles, s'il vous pla\xeet"
	b64 := base64.StdEncoding.EncodeToString([]byte(said))
	for name, text := range map[string]string{
		"UTF-8":                       "text/plain; charset=utf-8\n\n" + said,
		"no charset":                  "text/plain\n\n" + said,
		"no charset, and not UTF-8":   "text/plain\n\n" + latin,
		"Latin-1":                     "text/plain; charset=iso-8859-1\n\n" + latin,
		"a charset that is a lie":     "text/plain; charset=utf-8\n\n" + latin,
		"a charset that nobody knows": "text/plain; charset=x-unheard-of\n\n" + latin,
		"quoted-printable":            "text/plain; charset=utf-8\nContent-Transfer-Encoding: quoted-printable\n\nL=C3=B6scht alles, =  \r\ns'il vous pla=c3=aet",
		"base64":                      "text/plain; charset=utf-8\nContent-Transfer-Encoding: BASE64\n\n" + b64[:10] + "\n " + b64[10:],
		"base64 with a footer":        "text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n" + b64 + "==\n--\nsome list",
		"HTML":                        "text/html; charset=utf-8\n\n<html><style>p{}</style><p>L&ouml;scht <b>alles,</b> s'il vous pla&icirc;t</p><!-- no -->",
	} {
		r := Read([]byte("From: Ann <ann@example.org>\nSubject: x\nContent-Type: " + text))
		if got := strings.Join(strings.Fields(r.Said.Text), " "); got != said {
			t.Errorf("%s: %q", name, got)
		}
	}
	r := Read([]byte("From: Ann <ann@example.org>\nContent-Transfer-Encoding: quoted-printable\n\n100 =% of a=Zb\x00\x1b[2J =\n"))
	if r.Said.Text != "100 =% of a=Zb[2J" {
		t.Errorf("broken quoted-printable gives %q", r.Said.Text)
	}
}
