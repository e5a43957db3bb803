package door

import (
	"context"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"regexp"
	"sync"
	"syscall"
	"time"
)

const (
	fetchWithin    = 10 * time.Second
	maxFetched     = 64 << 10
	certKept       = 24 * time.Hour
	certsKept      = 16
	fetchesAMinute = 10 // whoever makes up addresses makes us ask no more often than this
	minRSA         = 2048
)

// NewClient is an HTTP client that asks public addresses alone, follows nobody
// elsewhere, and waits ten seconds. Only addresses that passed a rule are given to it;
// this is the second wall.
func NewClient() *http.Client {
	dialer := &net.Dialer{Timeout: fetchWithin, Control: func(_, address string, _ syscall.RawConn) error { return publicOnly(address) }}
	return &http.Client{Timeout: fetchWithin,
		Transport:     &http.Transport{DialContext: dialer.DialContext, TLSHandshakeTimeout: fetchWithin, MaxResponseHeaderBytes: maxFetched},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

var shared = netip.MustParsePrefix("100.64.0.0/10") // RFC 6598

// publicOnly refuses to connect to whom the world cannot reach.
func publicOnly(address string) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errors.New("door: not an address")
	}
	ip := at.Addr().Unmap()
	if !ip.IsGlobalUnicast() || ip.IsPrivate() || shared.Contains(ip) {
		return errors.New("door: a private address is not asked")
	}
	return nil
}

func fetch(ctx context.Context, client *http.Client, address string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("door: answered with status %d", resp.StatusCode)
	}
	return io.ReadAll(io.LimitReader(resp.Body, maxFetched))
}

// Roots are whom a certificate must lead to; the zero value is the system's.
type Roots struct{ Pool *x509.CertPool }

// certificates are those that SNS signs with, fetched once.
type certificates struct {
	client *http.Client
	roots  Roots
	now    func() time.Time

	mu    sync.Mutex
	known map[string]knownKey

	fetching sync.Mutex // those who wait for the same certificate ask once; who has it, waits for nobody
	minute   time.Time
	fetched  int
}

type knownKey struct {
	key   *rsa.PublicKey
	until time.Time
}

// key gives the key of the certificate at an address that passed ofSNS.
func (c *certificates) key(ctx context.Context, address string) (*rsa.PublicKey, error) {
	now := c.now()
	if key := c.remembered(address, now); key != nil {
		return key, nil
	}
	c.fetching.Lock()
	defer c.fetching.Unlock()
	if key := c.remembered(address, now); key != nil {
		return key, nil
	}
	chain, err := c.fetch(ctx, address, now)
	if err != nil {
		return nil, away("the certificate cannot be fetched just now")
	}
	leaf, err := c.verify(ctx, chain, address, now)
	if err != nil {
		return nil, err
	}
	key, ok := leaf.PublicKey.(*rsa.PublicKey)
	if !ok || key.N.BitLen() < minRSA {
		return nil, unproven("the certificate's key is not RSA of 2048 bits or more")
	}
	until := now.Add(certKept)
	if leaf.NotAfter.Before(until) {
		until = leaf.NotAfter
	}
	c.remember(address, knownKey{key, until})
	return key, nil
}

func (c *certificates) remembered(address string, now time.Time) *rsa.PublicKey {
	c.mu.Lock()
	defer c.mu.Unlock()
	if k, ok := c.known[address]; ok && now.Before(k.until) {
		return k.key
	}
	return nil
}

func (c *certificates) remember(address string, k knownKey) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known == nil || len(c.known) >= certsKept {
		c.known = map[string]knownKey{}
	}
	c.known[address] = k
}

func (c *certificates) fetch(ctx context.Context, address string, now time.Time) ([]*x509.Certificate, error) {
	if m := now.Truncate(time.Minute); !m.Equal(c.minute) {
		c.minute, c.fetched = m, 0
	}
	if c.fetched++; c.fetched > fetchesAMinute {
		return nil, errors.New("door: too many certificates were asked for")
	}
	b, err := fetch(ctx, c.client, address)
	if err != nil {
		return nil, err
	}
	return readCertificates(b), nil
}

// readCertificates takes PEM, as SNS gives it, or DER, as authorities do.
func readCertificates(b []byte) (out []*x509.Certificate) {
	if cert, err := x509.ParseCertificate(b); err == nil {
		return []*x509.Certificate{cert}
	}
	for block, rest := pem.Decode(b); block != nil && len(out) < 10; block, rest = pem.Decode(rest) {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			out = append(out, cert)
		}
	}
	return out
}

// issuerHost is where Amazon's authority has its own certificates. SNS gives the
// leaf alone, so that the one between is fetched from where the leaf says (RFC 5280,
// 4.2.2.1). It proves itself by leading to a root.
var issuerHost = regexp.MustCompile(`^crt\.[a-z0-9-]+\.amazontrust\.com$`)

// verify gives the leaf if it is SNS's and leads to a root.
func (c *certificates) verify(ctx context.Context, chain []*x509.Certificate, address string, now time.Time) (*x509.Certificate, error) {
	if len(chain) == 0 {
		return nil, unproven("there is no certificate where the message says")
	}
	leaf, between := chain[0], x509.NewCertPool()
	for _, cert := range chain[1:] {
		between.AddCert(cert)
	}
	u, err := url.Parse(address)
	if err != nil || leaf.VerifyHostname(u.Hostname()) != nil && leaf.VerifyHostname("sns.amazonaws.com") != nil {
		return nil, unproven("the certificate has not SNS's name")
	}
	opts := x509.VerifyOptions{Roots: c.roots.Pool, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}
	_, err = leaf.Verify(opts)
	if errors.As(err, new(x509.UnknownAuthorityError)) && len(leaf.IssuingCertificateURL) > 0 {
		at, bad := url.Parse(leaf.IssuingCertificateURL[0])
		if bad != nil || !issuerHost.MatchString(at.Host) {
			return nil, unproven("the certificate leads to no root that is trusted")
		}
		issuers, failed := c.fetch(ctx, at.String(), now)
		if failed != nil {
			return nil, away("the certificate's issuer cannot be fetched just now")
		}
		for _, cert := range issuers {
			between.AddCert(cert)
		}
		_, err = leaf.Verify(opts)
	}
	if err != nil {
		return nil, unproven("the certificate leads to no root that is trusted, or is out of date")
	}
	return leaf, nil
}
