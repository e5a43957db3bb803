package relay

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"time"

	"github.com/wneessen/go-mail/smtp"
)

// Probed is what a relay shows of itself before any mail.
type Probed struct {
	Addr          netip.Addr        // where the connection led
	Local         bool              // that is this machine
	Extensions    map[string]string // offered of [Extensions], with their parameters (RFC 5321, 4.1.1.1)
	TLS           uint16            // version as crypto/tls has it; 0: in clear
	Expires       time.Time         // of the certificate; zero without TLS
	Authenticated bool
}

// Extensions are those that we use or would gain by, with what each is for.
var Extensions = []struct{ Name, For string }{
	{"PIPELINING", "fewer round trips (RFC 2920)"},
	{"SIZE", "knowing beforehand what is too large (RFC 1870)"},
	{"8BITMIME", "texts that are not ASCII as they are (RFC 6152)"},
	{"SMTPUTF8", "addresses that are not ASCII (RFC 6531)"},
	{"DSN", "reports that name the notice (RFC 3461)"},
}

// Probe dials, secures and authenticates as for a mail, looks, and says QUIT.
func (r *SMTP) Probe(ctx context.Context) (Probed, error) {
	conn, secured, client, err := r.call(ctx)
	if err != nil {
		return Probed{}, err
	}
	out := look(conn, secured, client)
	out.Authenticated = r.cfg.Username != ""
	return out, newSession(conn, client, r.cfg).Close()
}

func look(conn *guardedConn, secured net.Conn, client *smtp.Client) Probed {
	out := Probed{Local: isLocal(conn), Extensions: map[string]string{}}
	if addr, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
		out.Addr = addr.Addr().Unmap()
	}
	for _, e := range Extensions {
		if there, parameter := client.Extension(e.Name); there {
			out.Extensions[e.Name] = parameter
		}
	}
	state, ok := client.TLSConnectionState()
	if over, implicit := secured.(*tls.Conn); !ok && implicit {
		state, ok = over.ConnectionState(), true
	}
	if ok {
		out.TLS = state.Version
		if len(state.PeerCertificates) > 0 {
			out.Expires = state.PeerCertificates[0].NotAfter
		}
	}
	return out
}
