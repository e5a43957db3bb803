package relay

import (
	"crypto/tls"
	"slices"
	"testing"
)

func TestAProbeTellsWhatTheRelayOffersAndSendsNothing(t *testing.T) {
	roots, server := authority(t, serverName)
	for _, c := range []struct {
		policy   TLS
		implicit bool
		inTLS    bool
	}{{TLSMandatory, false, true}, {TLSImplicit, true, true}, {TLSNone, false, false}} {
		t.Run(string(c.policy), func(t *testing.T) {
			s := setup{extensions: []string{"AUTH LOGIN PLAIN", "DSN", "SIZE 1000", "PIPELINING"}}
			if c.inTLS {
				s.tls, s.implicit = server, c.implicit
			}
			srv := serve(t, s)
			p, err := dialled(t, srv, secured(c.policy, roots), account("open sesame")).Probe(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			srv.stop()
			if !p.Local || !p.Authenticated || p.Addr.String() != "127.0.0.1" {
				t.Errorf("%+v", p)
			}
			if _, there := p.Extensions["8BITMIME"]; there || p.Extensions["SIZE"] != "1000" || len(p.Extensions) != 3 {
				t.Errorf("it offers %v", p.Extensions)
			}
			if secured := p.TLS >= tls.VersionTLS12 && p.Expires.Year() == 2100; secured != c.inTLS {
				t.Errorf("TLS %x until %s", p.TLS, p.Expires)
			}
			if commands := srv.commands(); slices.ContainsFunc(commands, func(l string) bool { return l[:4] == "MAIL" }) || commands[len(commands)-1] != "QUIT" {
				t.Errorf("it said %q", commands)
			}
		})
	}
}

func TestAProbeSaysWhatKeptItOut(t *testing.T) {
	roots, server := authority(t, serverName)
	srv := serve(t, setup{tls: server, extensions: []string{"AUTH PLAIN"}, script: script{"AUTH": {say("535 5.7.8 no")}}})
	_, err := dialled(t, srv, secured(TLSMandatory, roots), account("wrong")).Probe(t.Context())
	if failed := failure(t, err); failed.Reply.Code != 535 {
		t.Errorf("%v", failed)
	}
	srv.stop() // waits until the client has hung up
}
