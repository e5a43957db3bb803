package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// visitArgument makes this program knock at the doors of (k).
const visitArgument = "visit"

// visit is what visitors do: so many requests a second of each kind, for so long.
type visit struct {
	Doors   string // the file
	Pages   int    // a second
	Gate    int    // a second
	Seconds int
}

// waits are how long visitors had to wait, from the instant at which they wanted to come,
// which is no matter of how long those before them took: a stall is felt by all who come
// in it.
type waits struct {
	N      int     `json:"n"`
	Median float64 `json:"median_ms"`
	P99    float64 `json:"p99_ms"`
	Most   float64 `json:"most_ms"`
	Late   float64 `json:"late_p99_ms"` // by how much the visitors themselves were late, on a busy machine
}

// visited is what came of a visit.
type visited struct{ Pages, Gate waits }

func runVisit(ctx context.Context, in io.Reader, out io.Writer) error {
	var v visit
	if err := json.NewDecoder(in).Decode(&v); err != nil {
		return err
	}
	b, err := os.ReadFile(v.Doors)
	if err != nil {
		return err
	}
	var d doors
	if err := json.Unmarshal(b, &d); err != nil {
		return err
	}
	var r visited
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() (err error) { r.Pages, err = v.come(ctx, v.Pages, 1, d.page); return err })
	g.Go(func() (err error) { r.Gate, err = v.come(ctx, v.Gate, 2, d.ask); return err })
	if err := g.Wait(); err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(r)
}

// come sends visitors at instants that are settled beforehand, apart as people are who know
// nothing of each other, and waits for the last answer.
func (v visit) come(ctx context.Context, rate int, seed uint64, knock func(ctx context.Context, c *http.Client, i int) error) (waits, error) {
	if rate == 0 {
		return waits{}, nil
	}
	n := rate * v.Seconds
	took, late, faults := make([]time.Duration, n), make([]time.Duration, n), make([]error, n)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: rate, DisableCompression: true}}
	random := rand.New(rand.NewPCG(seed, 14))
	var all sync.WaitGroup
	next := time.Now()
	for i := range n {
		next = next.Add(time.Duration(random.ExpFloat64() * float64(time.Second) / float64(rate)))
		due := next
		time.Sleep(time.Until(due))
		late[i] = time.Since(due)
		all.Go(func() {
			faults[i] = knock(ctx, client, i)
			took[i] = time.Since(due)
		})
	}
	all.Wait()
	return sumUp(took, late), errors.Join(firstOf(faults)...)
}

// firstOf keeps an error short.
func firstOf(faults []error) []error {
	faults = slices.DeleteFunc(faults, func(err error) bool { return err == nil })
	return faults[:min(3, len(faults))]
}

func sumUp(took, late []time.Duration) waits {
	slices.Sort(took)
	slices.Sort(late)
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return waits{len(took), ms(at(took, 50)), ms(at(took, 99)), ms(took[len(took)-1]), ms(at(late, 99))}
}

// at is a percentile of sorted values: the least that so many of a hundred do not pass.
func at(sorted []time.Duration, percent int) time.Duration {
	return sorted[(len(sorted)*percent+99)/100-1]
}

func (d doors) page(ctx context.Context, c *http.Client, i int) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.Pages+d.Links[i*7%len(d.Links)], nil)
	if err != nil {
		return err
	}
	return answered(c, req, []byte("</html>"))
}

func (d doors) ask(ctx context.Context, c *http.Client, i int) error {
	body := fmt.Appendf(nil, `{"questions": [{"email": "person.%d@example.org", "purpose": %q}]}`, i*7%told, d.Purpose)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.API+"/api/v1/gate/ask", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+d.Token)
	return answered(c, req, []byte(`"allowed"`))
}

// answered wants a whole answer.
func answered(c *http.Client, req *http.Request, with []byte) error {
	resp, err := c.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && (resp.StatusCode != http.StatusOK || !bytes.Contains(body, with)) {
		err = fmt.Errorf("%s got %d and %d bytes", req.Method, resp.StatusCode, len(body))
	}
	return err
}

// load is what a row of (k) has to bear.
type load struct{ Pages, Gate, Pace int }

// The rows of (k).
const (
	namePages = "k, pages"
	nameGate  = "k, gate"
	nameHouse = "k, all"
)

// house runs (k) on a copy: some are told, the doors open, visitors come.
func (h *hall) house(ctx context.Context, l load) (r result, err error) {
	database, err := h.copyOf(ctx, queued)
	if err != nil {
		return r, err
	}
	if _, err := h.run(ctx, database, task{Part: "pipeline", N: told}); err != nil {
		return r, err
	}
	doors := doorsFile(h.keys)
	if err := os.Remove(doors); err != nil && !errors.Is(err, os.ErrNotExist) {
		return r, err
	}
	before, err := h.sink.taken()
	if err != nil {
		return r, err
	}
	over := make(chan struct{})
	var v visited
	g, open := errgroup.WithContext(ctx)
	g.Go(func() (err error) {
		r, err = h.runUntil(open, over, database, task{Part: "house", Pace: l.Pace})
		return err
	})
	g.Go(func() (err error) {
		defer close(over)
		v, err = h.visit(open, visit{Doors: doors, Pages: l.Pages, Gate: l.Gate, Seconds: h.Seconds})
		return err
	})
	if err := g.Wait(); err != nil {
		return r, err
	}
	after, err := h.sink.taken()
	if err != nil {
		return r, err
	}
	r.N, r.Pages, r.Gate, r.Sent = v.Pages.N+v.Gate.N, &v.Pages, &v.Gate, after-before
	if wanted := l.Pace * h.Seconds / 2; r.Sent < wanted {
		return r, fmt.Errorf("the worker sent %d meanwhile, less than half its pace: give it more -deliveries, or less -pace", r.Sent)
	}
	return r, h.server.Drop(ctx, database)
}

// visit waits for the doors to open and sends the visitors, who are a process of their own.
func (h *hall) visit(ctx context.Context, v visit) (r visited, err error) {
	err = poll(ctx, func() (bool, error) {
		_, err := os.Stat(v.Doors)
		if errors.Is(err, os.ErrNotExist) {
			return false, nil
		}
		return err == nil, err
	})
	if err != nil {
		return r, err
	}
	in, err := json.Marshal(v)
	if err != nil {
		return r, err
	}
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, self, visitArgument)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return r, fmt.Errorf("the visitors: %w", err)
	}
	return r, json.Unmarshal(out, &r)
}
