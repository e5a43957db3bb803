package door

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// Certificate is a certificate in two files, which whoever renews it replaces while
// we run.
type Certificate struct {
	certFile, keyFile string
	log               *slog.Logger

	mu   sync.Mutex
	at   [2]time.Time // when the files were last changed
	pair *tls.Certificate
}

// ReadCertificate reads both files, in PEM, the certificate with its chain.
func ReadCertificate(certFile, keyFile string, log *slog.Logger) (*Certificate, error) {
	c := &Certificate{certFile: certFile, keyFile: keyFile, log: log}
	if err := c.read(); err != nil {
		return nil, fmt.Errorf("the certificate of the door: %w", err)
	}
	return c, nil
}

// Config is TLS 1.2 and later with the newest certificate.
func (c *Certificate) Config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.changed() {
			if err := c.read(); err != nil { // half replaced, perhaps: the old one serves until both fit
				c.log.Warn("the renewed certificate cannot be used; the old one still is", "error", err)
			}
		}
		return c.pair, nil
	}}
}

func (c *Certificate) changed() bool { return c.times() != c.at }

func (c *Certificate) times() (at [2]time.Time) {
	for i, name := range []string{c.certFile, c.keyFile} {
		if info, err := os.Stat(name); err == nil {
			at[i] = info.ModTime()
		}
	}
	return at
}

func (c *Certificate) read() error {
	at := c.times()
	pair, err := tls.LoadX509KeyPair(c.certFile, c.keyFile)
	if err != nil {
		return err
	}
	c.pair, c.at = &pair, at
	return nil
}
