package relay

import (
	"errors"
	"slices"

	"github.com/wneessen/go-mail/smtp"
)

// anyOf authenticates by the best mechanism that the server has. go-mail can
// choose by itself, but takes a connection that began with TLS for one in
// clear, and offers mechanisms whose hashes are broken.
type anyOf struct {
	cfg Config
	smtp.Auth
}

var errNoMechanism = errors.New("the relay offers no way to authenticate that we use (SCRAM-SHA-256, PLAIN, LOGIN), or none on such a connection: look at its settings, or remove the user name")

// Start chooses, and begins. Credentials go over TLS or stay on this machine.
func (a *anyOf) Start(server *smtp.ServerInfo) (string, []byte, error) {
	local := isLoopback(a.cfg.Host) // then Open has seen that it really is
	if !server.TLS && !local {
		return "", nil, errNoMechanism
	}
	user, password, host := a.cfg.Username, a.cfg.Password, a.cfg.Host
	switch {
	case slices.Contains(server.Auth, "SCRAM-SHA-256"):
		a.Auth = smtp.ScramSHA256Auth(user, password)
	case slices.Contains(server.Auth, "PLAIN"):
		a.Auth = smtp.PlainAuth("", user, password, host, local)
	case slices.Contains(server.Auth, "LOGIN"):
		a.Auth = smtp.LoginAuth(user, password, host, local)
	default:
		return "", nil, errNoMechanism
	}
	return a.Auth.Start(server)
}
