package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// healthCmd asks the operations listener of a process on this machine. It needs
// neither database nor keys, and no shell or curl beside it.
type healthCmd struct {
	OpsListen string        `help:"Address of the process's metrics and health." default:"127.0.0.1:9114"`
	Ready     bool          `help:"Ask for readiness, which looks at database, clock and relay too: for who routes to it, not for who restarts it."`
	Timeout   time.Duration `help:"How long to wait for the answer." default:"5s"`
}

func (c *healthCmd) Run(ctx context.Context, std streams) error {
	addr, err := reachable(c.OpsListen)
	if err != nil {
		return misuse{fmt.Errorf("--ops-listen: %w", err)}
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+addr+path, nil)
	if err != nil {
		return err
	}
	// No proxy of the environment stands between a process and itself.
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return fmt.Errorf("nobody answers on %s; name the listener of the process with --ops-listen (work: 127.0.0.1:9115, serve and run: 127.0.0.1:9114): %w", addr, err)
	}
	defer resp.Body.Close()
	var said map[string]string
	if err := json.NewDecoder(io.LimitReader(resp.Body, 64<<10)).Decode(&said); err != nil {
		return fmt.Errorf("what answers on %s is not article14: %w", addr, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", said["status"], parts(said))
	}
	fmt.Fprintln(std.out, strings.TrimSpace(said["status"]+" "+parts(said)))
	return nil
}

// parts are the checks with their outcome, by name.
func parts(said map[string]string) string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(said)) {
		if name != "status" {
			out = append(out, name+" "+said[name])
		}
	}
	return strings.Join(out, ", ")
}

// reachable turns the address that a process listens on into one to call it at:
// who listens on every address is called at the loopback one.
func reachable(listen string) (string, error) {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return "", err
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
		if err == nil && ip.Is6() {
			host = "::1"
		}
	}
	return net.JoinHostPort(host, port), nil
}
