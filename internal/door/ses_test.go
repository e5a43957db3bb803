package door

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"article14/internal/bounce"
	"article14/mailer/track"
)

const (
	arn     = "arn:aws:sns:eu-west-1:123456789012:bounces"
	certURL = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem"
)

// authority makes certificates as Amazon does: a root, one between, and a leaf that
// says where the one between is to be had.
type authority struct {
	t          testing.TB
	root, leaf *x509.Certificate
	between    *x509.Certificate
	rootKey    *rsa.PrivateKey
	middleKey  *rsa.PrivateKey
	key        *rsa.PrivateKey
}

// keys are made once: RSA takes its time.
var keys = sync.OnceValue(func() (out [3]*rsa.PrivateKey) {
	for i := range out {
		k, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			panic(err)
		}
		out[i] = k
	}
	return out
})

func newAuthority(t testing.TB, change func(leaf *x509.Certificate)) *authority {
	k := keys()
	a := &authority{t: t, rootKey: k[0], middleKey: k[1], key: k[2]}
	form := func(serial int64, name string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: name}, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(1, 0, 0),
			BasicConstraintsValid: true}
	}
	root := form(1, "root")
	root.IsCA, root.KeyUsage = true, x509.KeyUsageCertSign
	a.root = a.sign(root, root, &k[0].PublicKey, k[0])
	middle := form(2, "between")
	middle.IsCA, middle.KeyUsage = true, x509.KeyUsageCertSign
	a.between = a.sign(middle, a.root, &k[1].PublicKey, k[0])
	leaf := form(3, "sns.amazonaws.com")
	leaf.DNSNames, leaf.IssuingCertificateURL = []string{"sns.amazonaws.com"}, []string{"http://crt.r2m01.amazontrust.com/r2m01.cer"}
	if change != nil {
		change(leaf)
	}
	a.leaf = a.sign(leaf, a.between, &k[2].PublicKey, k[1])
	return a
}

func (a *authority) sign(form, parent *x509.Certificate, key *rsa.PublicKey, by *rsa.PrivateKey) *x509.Certificate {
	der, err := x509.CreateCertificate(rand.Reader, form, parent, key, by)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert
}

// amazon stands in for the hosts of SNS and of its authority.
type amazon struct {
	*authority
	mu    sync.Mutex
	asked []string // host and path
	away  bool
}

func (a *amazon) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, r.Host+r.URL.Path)
	switch {
	case a.away:
		w.WriteHeader(http.StatusServiceUnavailable)
	case strings.HasSuffix(r.URL.Path, ".pem"):
		pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: a.leaf.Raw})
	case strings.HasSuffix(r.URL.Path, ".cer"):
		w.Write(a.between.Raw)
	}
}

func (a *amazon) questions() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.asked)
}

func (a *amazon) isAway(away bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.away = away
}

// client leads every name to the stand-in.
func (a *amazon) client() *http.Client {
	secure, plain := httptest.NewTLSServer(a), httptest.NewServer(a)
	a.t.Cleanup(secure.Close)
	a.t.Cleanup(plain.Close)
	c := NewClient()
	transport := c.Transport.(*http.Transport)
	transport.TLSClientConfig = secure.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	transport.TLSClientConfig.ServerName = "example.com" // whom httptest's certificate names
	transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		to := plain.Listener.Addr()
		if strings.HasSuffix(addr, ":443") {
			to = secure.Listener.Addr()
		}
		return (&net.Dialer{}).DialContext(ctx, network, to.String())
	}
	return c
}

// sns serves the door of one topic.
func (d *desk) sns(a *amazon) (url string, ended *int) {
	d.t.Helper()
	pool := x509.NewCertPool()
	pool.AddCert(a.root)
	ended = new(int)
	h, err := SES(d.house(), Topic{ARN: arn, Client: a.client(), Roots: Roots{pool}, Unsubscribed: func(context.Context) error { *ended++; return nil }})
	if err != nil {
		d.t.Fatal(err)
	}
	srv := httptest.NewServer(h)
	d.t.Cleanup(srv.Close)
	return srv.URL, ended
}

// notification is a message of SNS, not signed yet.
func notification(id, text string) map[string]string {
	return map[string]string{"Type": "Notification", "MessageId": id, "TopicArn": arn, "Message": text,
		"Timestamp": noon.Format("2006-01-02T15:04:05.000Z"), "SigningCertURL": certURL, "SignatureVersion": "1"}
}

// sign signs as SNS documents it, by other code than ours.
func (a *authority) signed(m map[string]string) []byte {
	a.t.Helper()
	names := []string{"Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"}
	if m["Type"] != "Notification" {
		names = []string{"Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"}
	}
	text := ""
	for _, n := range names {
		if v, ok := m[n]; ok {
			text += n + "\n" + v + "\n"
		}
	}
	hash, sum := crypto.SHA1, sha1.Sum([]byte(text))
	digest := sum[:]
	if m["SignatureVersion"] == "2" {
		sum := sha256.Sum256([]byte(text))
		hash, digest = crypto.SHA256, sum[:]
	}
	signature, err := rsa.SignPKCS1v15(nil, a.key, hash, digest)
	if err != nil {
		a.t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return encoded(a.t, m)
}

func encoded(t testing.TB, m map[string]string) []byte {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func post(t testing.TB, url string, body []byte) int {
	t.Helper()
	resp, err := http.Post(url, "text/plain; charset=UTF-8", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}

const sesMail = `"mail":{"timestamp":"2031-05-06T11:00:00.000Z","messageId":"0100-ses","source":"b-ours@bounces.example","destination":["anna@one.example"],
"headers":[{"name":"From","value":"x"},{"name":"Message-ID","value":"<m1@x.example>"}],"commonHeaders":{"messageId":"other"}}`

func sesBounce(kind, sub, recipients string) string {
	return fmt.Sprintf(`{"notificationType":"Bounce",%s,"bounce":{"bounceType":%q,"bounceSubType":%q,"timestamp":"2031-05-06T11:59:00.000Z","bouncedRecipients":[%s]}}`, sesMail, kind, sub, recipients)
}

func TestWhatSESTellsBecomesReports(t *testing.T) { // E3
	anna := `{"emailAddress":"anna@one.example","action":"failed","status":"5.1.1","diagnosticCode":"smtp; 550 5.1.1 no such user"}`
	for _, c := range []struct {
		name, event string
		want        []string // finding and status of each report
	}{
		{"a dead address", sesBounce("Permanent", "General", anna), []string{"dead_address 5.1.1"}},
		{"two of them", sesBounce("Permanent", "General", anna+`,{"emailAddress":"ben@one.example"}`), []string{"dead_address 5.1.1", "refused 5.0.0"}},
		{"a full mailbox, without a status", sesBounce("Transient", "MailboxFull", `{"emailAddress":"anna@one.example"}`), []string{"mailbox_full 4.2.2"}},
		{"no such mailbox, without a status", sesBounce("Permanent", "NoEmail", `{"emailAddress":"anna@one.example"}`), []string{"dead_address 5.1.1"}},
		{"an out-of-office answer", sesBounce("Transient", "General", `{"emailAddress":"anna@one.example"}`), []string{"delayed 4.0.0"}},
		{"given up", sesBounce("Transient", "General", `{"emailAddress":"anna@one.example","action":"failed","status":"4.4.7"}`), []string{"transient 4.4.7"}},
		{"a kind that is new", sesBounce("Whatever", "Else", `{"emailAddress":"anna@one.example"}`), []string{"refused 5.0.0"}},
		{"an event of a configuration set", strings.Replace(sesBounce("Permanent", "General", anna), "notificationType", "eventType", 1), []string{"dead_address 5.1.1"}},
		{"delivered", `{"notificationType":"Delivery",` + sesMail + `,"delivery":{"recipients":["anna@one.example"],"smtpResponse":"250 2.6.0 taken"}}`, []string{"delivered 2.6.0"}},
		{"delayed", `{"eventType":"DeliveryDelay",` + sesMail + `,"deliveryDelay":{"delayedRecipients":[{"emailAddress":"anna@one.example","status":"4.4.1"}]}}`, []string{"delayed 4.4.1"}},
		{"rejected", `{"eventType":"Reject",` + sesMail + `,"reject":{"reason":"Bad content"}}`, []string{"content 5.6.0"}},
		{"suppressed by a complaint of before", `{"eventType":"Complaint",` + sesMail + `,"complaint":{"complaintSubType":"OnAccountSuppressionList","complainedRecipients":[{"emailAddress":"anna@one.example"}]}}`, []string{"refused 5.0.0"}},
		{"opened", `{"eventType":"Open",` + sesMail + `,"open":{"ipAddress":"192.0.2.1"}}`, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			found, err := readSES("id", []byte(c.event))
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, in := range found {
				r := bounce.Read(in.Raw)
				v := r.Verdict()
				got = append(got, v.Finding()+" "+v.Reply.Enhanced)
				if r.MessageID != "m1@x.example" || !slices.Equal(in.SentTo, []string{ours}) {
					t.Errorf("about %q, sent to %q", r.MessageID, in.SentTo)
				}
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("%q, want %q", got, c.want)
			}
		})
	}
}

func TestAComplaintToldBySESIsAFeedbackReport(t *testing.T) { // RFC 5965
	found, err := readSES("id", []byte(`{"notificationType":"Complaint",`+sesMail+`,"complaint":{"complaintFeedbackType":"fraud","complainedRecipients":[{"emailAddress":"anna@one.example"}]}}`))
	if err != nil || len(found) != 1 {
		t.Fatalf("%d, %v", len(found), err)
	}
	for _, want := range []string{"report-type=feedback-report", "Content-Type: message/feedback-report\r\n", "Feedback-Type: fraud\r\n", "Version: 1\r\n",
		"Original-Mail-From: <b-ours@bounces.example>\r\n", "Original-Rcpt-To: <anna@one.example>\r\n", "Message-ID: <m1@x.example>\r\n"} {
		if !strings.Contains(string(found[0].Raw), want) {
			t.Errorf("it does not say %q:\n%s", want, found[0].Raw)
		}
	}
}

func TestMessagesThatSNSSignedAreTakenInBothVersions(t *testing.T) {
	a := &amazon{authority: newAuthority(t, nil)}
	d := newDesk(t)
	url, _ := d.sns(a)
	for _, version := range []string{"1", "2"} {
		m := notification("id-"+version, sesBounce("Permanent", "NoEmail", `{"emailAddress":"anna@one.example"}`))
		m["SignatureVersion"] = version
		if version == "2" {
			m["Subject"] = "Amazon SES Email Event Notification"
		}
		body := a.signed(m)
		for range 2 { // SNS may bring it twice
			if got := post(t, url, body); got != http.StatusOK {
				t.Errorf("version %s is answered %d", version, got)
			}
		}
	}
	kept := d.all()
	if len(kept) != 4 || kept[0].Door != track.DoorSES || !bytes.Equal(kept[0].ExternalID, kept[1].ExternalID) || bytes.Equal(kept[1].ExternalID, kept[2].ExternalID) {
		t.Errorf("%d kept", len(kept))
	}
	if asked := a.questions(); !slices.Equal(asked, []string{"sns.eu-west-1.amazonaws.com/SimpleNotificationService-0123456789abcdef.pem", "crt.r2m01.amazontrust.com/r2m01.cer"}) {
		t.Errorf("asked %q", asked)
	}
}

func TestWhatSNSDidNotSignIsRefused(t *testing.T) {
	text := sesBounce("Permanent", "NoEmail", `{"emailAddress":"anna@one.example"}`)
	for _, c := range []struct {
		name   string
		before func(m map[string]string) // it is signed
		after  func(m map[string]string)
		leaf   func(leaf *x509.Certificate)
		want   int
		asks   bool
	}{
		{name: "text changed", after: func(m map[string]string) { m["Message"] += " " }, want: 403, asks: true},
		{name: "subject added", after: func(m map[string]string) { m["Subject"] = "x" }, want: 403, asks: true},
		{name: "version changed", after: func(m map[string]string) { m["SignatureVersion"] = "2" }, want: 403, asks: true},
		{name: "version unknown", before: func(m map[string]string) { m["SignatureVersion"] = "3" }, want: 403, asks: true},
		{name: "no signature", after: func(m map[string]string) { delete(m, "Signature") }, want: 403, asks: true},
		{name: "another topic", before: func(m map[string]string) { m["TopicArn"] = arn + "2" }, want: 403},
		{name: "too old", before: func(m map[string]string) {
			m["Timestamp"] = noon.Add(-25 * time.Hour).Format(time.RFC3339)
		}, want: 403},
		{name: "of tomorrow", before: func(m map[string]string) { m["Timestamp"] = noon.Add(time.Hour).Format(time.RFC3339) }, want: 403},
		{name: "of no time", before: func(m map[string]string) { m["Timestamp"] = "now" }, want: 403},
		{name: "another's name in the certificate", leaf: func(l *x509.Certificate) { l.DNSNames = []string{"evil.example"} }, want: 403, asks: true},
		{name: "a certificate out of date", leaf: func(l *x509.Certificate) { l.NotAfter = noon.Add(-time.Hour) }, want: 403, asks: true},
		{name: "an issuer elsewhere", leaf: func(l *x509.Certificate) { l.IssuingCertificateURL = []string{"http://169.254.169.254/latest"} }, want: 403, asks: true},
		{name: "no issuer", leaf: func(l *x509.Certificate) { l.IssuingCertificateURL = nil }, want: 403, asks: true},
		{name: "a type that is new", before: func(m map[string]string) { m["Type"] = "Other" }, want: 422},
		{name: "no event", before: func(m map[string]string) {
			m["Message"] = "Successfully validated SNS topic for Amazon SES event publishing."
		}, want: 422, asks: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := &amazon{authority: newAuthority(t, c.leaf)}
			d := newDesk(t)
			url, _ := d.sns(a)
			m := notification("id", text)
			if c.before != nil {
				c.before(m)
			}
			a.signed(m)
			if c.after != nil {
				c.after(m)
			}
			if got := post(t, url, encoded(t, m)); got != c.want {
				t.Errorf("answered %d, want %d", got, c.want)
			}
			if len(d.all()) != 0 {
				t.Error("it was kept")
			}
			if asked := a.questions(); (len(asked) > 0) != c.asks || slices.ContainsFunc(asked, func(q string) bool { return strings.Contains(q, "169.254") }) {
				t.Errorf("asked %q", asked)
			}
		})
	}
}

func TestOnlySNSItselfIsAskedForACertificate(t *testing.T) {
	for address, want := range map[string]bool{
		certURL: true,
		"https://sns.cn-north-1.amazonaws.com.cn/x.pem":            true,
		"http://sns.eu-west-1.amazonaws.com/x.pem":                 false,
		"https://sns.eu-west-1.amazonaws.com:8443/x.pem":           false,
		"https://sns.eu-west-1.amazonaws.com/x.pem?y":              false,
		"https://sns.eu-west-1.amazonaws.com/x":                    false,
		"https://sns.eu-west-1.amazonaws.com.evil.example/x.pem":   false,
		"https://evil.example/sns.eu-west-1.amazonaws.com/x.pem":   false,
		"https://sns.eu-west-1.amazonaws.com@evil.example/x.pem":   false,
		"https://evil.example#sns.eu-west-1.amazonaws.com/x.pem":   false,
		"https://sns.a.b.amazonaws.com/x.pem":                      false,
		"https://bucket.s3.amazonaws.com/x.pem":                    false,
		"https://sns.eu-west-1.amazonaws.com\n.evil.example/x.pem": false,
		"https://xsns.eu-west-1.amazonaws.com/x.pem":               false,
		"https://snsxeu-west-1.amazonaws.com/x.pem":                false,
		"": false,
	} {
		if got := ofSNS(address, ".pem"); got != want {
			t.Errorf("%q: %v, want %v", address, got, want)
		}
	}
}

func TestNoPrivateAddressIsAsked(t *testing.T) {
	for address, want := range map[string]bool{
		"127.0.0.1:443": false, "10.1.2.3:443": false, "192.168.0.1:443": false, "172.16.0.1:443": false, "169.254.169.254:80": false, "100.64.1.1:443": false,
		"0.0.0.0:443": false, "[::1]:443": false, "[fc00::1]:443": false, "[fe80::1]:443": false, "[::ffff:10.0.0.1]:443": false, "224.0.0.1:443": false,
		"54.239.28.85:443": true, "[2600:1f18::1]:443": true,
	} {
		if got := publicOnly(address) == nil; got != want {
			t.Errorf("%s: %v, want %v", address, got, want)
		}
	}
	srv := httptest.NewServer(http.NotFoundHandler())
	defer srv.Close()
	if _, err := NewClient().Get(srv.URL); err == nil || !strings.Contains(err.Error(), "private address") {
		t.Errorf("the client asked this machine: %v", err)
	}
}

func TestAMessageIsAskedForAgainWhileItsCertificateCannotBeFetched(t *testing.T) {
	a := &amazon{authority: newAuthority(t, nil), away: true}
	d := newDesk(t)
	url, _ := d.sns(a)
	body := a.signed(notification("id", sesBounce("Permanent", "NoEmail", `{"emailAddress":"anna@one.example"}`)))
	for range 3 * fetchesAMinute {
		if got := post(t, url, body); got != http.StatusServiceUnavailable {
			t.Fatalf("answered %d", got)
		}
	}
	if n := len(a.questions()); n != fetchesAMinute {
		t.Errorf("SNS was asked %d times in a minute", n)
	}
	a.isAway(false)
	d.clock = noon.Add(time.Minute)
	if got := post(t, url, body); got != http.StatusOK || len(d.all()) != 1 {
		t.Errorf("when it is back: %d, %d kept", got, len(d.all()))
	}
}

func TestASubscriptionIsConfirmedAtSNSAloneAndItsEndIsTold(t *testing.T) {
	a := &amazon{authority: newAuthority(t, nil)}
	d := newDesk(t)
	url, ended := d.sns(a)
	ask := func(kind, subscribe string) int {
		m := notification("id", "You have chosen to subscribe")
		m["Type"], m["Token"], m["SubscribeURL"] = kind, "token", subscribe
		return post(t, url, a.signed(m))
	}
	good := "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + arn + "&Token=token"
	for _, c := range []struct {
		kind, subscribe string
		want            int
	}{
		{snsSubscribe, good, 200},
		{snsSubscribe, strings.Replace(good, "sns.eu-west-1.amazonaws.com", "169.254.169.254", 1), 422},
		{snsSubscribe, strings.Replace(good, "ConfirmSubscription", "DeleteTopic", 1), 422},
		{snsSubscribe, strings.Replace(good, "bounces", "others", 1), 422},
		{snsUnsubscribe, good, 200},
	} {
		if got := ask(c.kind, c.subscribe); got != c.want {
			t.Errorf("%s at %s: %d, want %d", c.kind, c.subscribe, got, c.want)
		}
	}
	confirmed := slices.DeleteFunc(a.questions(), func(q string) bool { return q != "sns.eu-west-1.amazonaws.com/" })
	if len(confirmed) != 1 || *ended != 1 || len(d.all()) != 0 {
		t.Errorf("confirmed %d times, ended %d times, %d kept", len(confirmed), *ended, len(d.all()))
	}
	a.isAway(true)
	if got := ask(snsSubscribe, good); got != http.StatusServiceUnavailable {
		t.Errorf("while SNS is away: %d", got)
	}
}

func TestATopicThatIsNoneIsNotTaken(t *testing.T) {
	for _, a := range []string{"", "bounces", "arn:aws:sqs:eu-west-1:123456789012:bounces", arn + ".fifo"} {
		if _, err := SES(House{}, Topic{ARN: a}); err == nil {
			t.Errorf("%q was taken", a)
		}
	}
}

func FuzzSES(f *testing.F) {
	f.Add([]byte(sesBounce("Permanent", "General", `{"emailAddress":"a@b.example"}`)))
	f.Add([]byte(`{"eventType":"Delivery","delivery":{"recipients":["\n--event--\n"]}}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, _ := readSES("id", text)
		for _, in := range found {
			wholeEvent(t, in)
		}
	})
}

func FuzzSNS(f *testing.F) {
	f.Add(encoded(f, notification("id", "x")))
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := readSNS(body, arn, noon); err == nil && (m.TopicArn != arn || len(m.signed()) == 0) {
			t.Fatalf("%+v", m)
		}
	})
}
