package door

import (
	"bufio"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pemPair makes a self-signed certificate for 127.0.0.1 with a serial number.
func pemPair(t testing.TB, serial int64) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{SerialNumber: big.NewInt(serial), NotBefore: noon.AddDate(-100, 0, 0), NotAfter: noon.AddDate(100, 0, 0),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, form, form, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: bytes})
}

func certificate(t testing.TB) (*tls.Config, *x509.CertPool) {
	t.Helper()
	cert, key := pemPair(t, 1)
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(cert)
	return &tls.Config{Certificates: []tls.Certificate{pair}}, pool
}

func TestARenewedCertificateIsTakenUpAndABrokenOneIsNot(t *testing.T) {
	d := newDesk(t)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	write := func(serial int64, changed time.Time) {
		cert, key := pemPair(t, cmp.Or(max(serial, 0), 9))
		if serial < 0 {
			cert = []byte("half of it")
		}
		for name, b := range map[string][]byte{certFile: cert, keyFile: key} {
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, changed, changed); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := ReadCertificate(certFile, keyFile, d.house().Log); err == nil || !strings.Contains(err.Error(), "cert.pem") {
		t.Errorf("without files: %v", err)
	}
	write(1, noon)
	cert, err := ReadCertificate(certFile, keyFile, d.house().Log)
	if err != nil {
		t.Fatal(err)
	}
	m := d.mail(Limits{})
	m.TLS = cert.Config()
	addr := serve(t, NewSMTP(m))
	serial := func() int64 {
		plain := dial(t, addr)
		plain.do("STARTTLS", "220 ")
		secure := tls.Client(plain.Conn, &tls.Config{InsecureSkipVerify: true})
		c := &client{t: t, Conn: secure, r: bufio.NewReader(secure)}
		c.do("EHLO x", "250 ")
		c.give(letter(1), ours)
		return secure.ConnectionState().PeerCertificates[0].SerialNumber.Int64()
	}
	for i, step := range []struct{ write, want int64 }{{1, 1}, {2, 2}, {-1, 2}, {3, 3}} {
		write(step.write, noon.Add(time.Duration(i)*time.Hour))
		if got := serial(); got != step.want {
			t.Errorf("step %d: certificate %d is shown, want %d", i, got, step.want)
		}
	}
	old := dial(t, addr)
	old.do("STARTTLS", "220 ")
	if err := tls.Client(old.Conn, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS11}).Handshake(); err == nil {
		t.Error("TLS 1.1 was taken")
	}
	if len(d.all()) != 4 {
		t.Errorf("%d messages came under TLS", len(d.all()))
	}
}
