package catcher

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// crlf gives a mail written with plain line ends the ones of SMTP.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

const alternative = `From: =?utf-8?q?Soci=C3=A9t=C3=A9?= <us@example.org>
Subject: =?utf-8?q?Vos_donn=C3=A9es,_?=
 =?iso-8859-1?q?o=F9_nous_les_avons?=
Message-ID: <d-1@example.org>
Content-Language: fr
Received: one
Received: two
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary="b1"

--b1
Content-Type: text/plain; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

=E9t=E9
--b1
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: base64

PHA+w6l0w6k8L3A+
--b1
Content-Type: text/plain
Content-Disposition: attachment; filename="n.txt"

attached
--b1--
`

func TestAMailIsReadWithItsHeadersTextAndHTML(t *testing.T) {
	p, err := Mail{Seq: 1, Raw: crlf(alternative)}.Parse()
	if err != nil {
		t.Fatal(err)
	}
	if p.Subject != "Vos données, où nous les avons" || p.Language != "fr" || p.MessageID != "d-1@example.org" || p.Boundary != "b1" {
		t.Errorf("%+v", p)
	}
	if p.Text != "été" || p.HTML != "<p>été</p>" {
		t.Errorf("text %q, HTML %q", p.Text, p.HTML)
	}
	if got := p.Get("from"); got != "Société <us@example.org>" {
		t.Errorf("From is %q", got)
	}
	if got, want := p.Header[1].Raw, "=?utf-8?q?Vos_donn=C3=A9es,_?=\r\n =?iso-8859-1?q?o=F9_nous_les_avons?="; got != want {
		t.Errorf("the subject as it stands is %q; want %q", got, want)
	}
	var names []string
	for _, f := range p.Header {
		names = append(names, f.Name+"="+f.Value)
	}
	if got := strings.Join(names[4:6], " "); got != "Received=one Received=two" {
		t.Errorf("fields out of order: %s", got)
	}
	want := []Part{
		{Type: "text/plain", Charset: "iso-8859-1", Encoding: "quoted-printable", Size: 5},
		{Type: "text/html", Charset: "utf-8", Encoding: "base64", Size: 12},
		{Type: "text/plain", Filename: "n.txt", Size: 8},
	}
	if diff := cmp.Diff(want, p.Parts); diff != "" {
		t.Error(diff)
	}
}

func TestAMailThatIsNoMultipartIsItsOnlyPart(t *testing.T) {
	p, err := Mail{Raw: crlf("Subject: x\n\nhello\n")}.Parse()
	if err != nil || p.Text != "hello\r\n" || p.HTML != "" || p.Boundary != "" {
		t.Errorf("%+v, %v", p, err)
	}
	p, err = Mail{Raw: crlf("Content-Type: text/html; charset=utf-8\n\n<p>hello\n")}.Parse()
	if err != nil || p.Text != "" || p.HTML != "<p>hello\r\n" {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestABrokenMailIsReadAsFarAsItGoesAndItsFaultQuotesNothing(t *testing.T) {
	nested := "Content-Type: text/plain\n\ndeep\n"
	for i := range 40 { // well-formed, but for its depth
		nested = fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%[1]d\n%s\n--b%[1]d--\n", i, nested)
	}
	nested = "Subject: anna\n" + nested
	cases := map[string]string{
		"cut off in a part":      strings.TrimSuffix(alternative, "--b1--\n"),
		"a header without colon": "Subject: anna\nanna anna\n\nbody\n",
		"nested beyond reason":   nested,
		"too many parts":         "Subject: anna\nContent-Type: multipart/mixed; boundary=b\n\n" + strings.Repeat("--b\n\nx\n", 2000) + "--b--\n",
		"an endless header":      "Subject: anna\nX: " + strings.Repeat("anna ", 1<<18) + "\nY: z\n\nbody\n",
	}
	for name, raw := range cases {
		p, err := Mail{Seq: 7, Raw: crlf(raw)}.Parse()
		if err == nil {
			t.Errorf("%s: no error", name)
			continue
		}
		if !strings.HasPrefix(err.Error(), "catcher: mail 7: ") || strings.Contains(err.Error(), "anna") {
			t.Errorf("%s: error %.80q", name, err)
		}
		if p.Subject == "" {
			t.Errorf("%s: the subject was lost", name)
		}
	}
}

func TestAnUnknownCharsetOrEncodingHidesNothing(t *testing.T) {
	p, err := Mail{Raw: crlf("Subject: =?klingon?q?x?=\nContent-Type: text/plain; charset=klingon\n\nhello \xff\n")}.Parse()
	if err != nil || p.Subject != "=?klingon?q?x?=" || p.Text != "hello \uFFFD\r\n" {
		t.Errorf("%+v, %v", p, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add(crlf(alternative))
	f.Add(crlf("Subject: x\n\nhello\n"))
	f.Add([]byte("Content-Type: multipart/x; boundary=\n\n--\n"))
	f.Add([]byte(" folded first\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		p, err := Mail{Seq: 1, Raw: raw}.Parse()
		if err != nil && len(err.Error()) > 120 {
			t.Errorf("the error quotes the mail: %q", err)
		}
		for _, s := range []string{p.Subject, p.Text, p.HTML} {
			if strings.ToValidUTF8(s, "") != s {
				t.Errorf("not UTF-8: %q", s)
			}
		}
	})
}
