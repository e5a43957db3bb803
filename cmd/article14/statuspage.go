package main

import (
	"fmt"
	"io"
	"maps"
	"strconv"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/deliver"
	"article14/mailer/status"
)

// printStatus fits on a page of a terminal: what needs a person first, then where
// everything stands.
func printStatus(w io.Writer, f status.Figures, zone *time.Location) {
	fmt.Fprintf(w, "as of %s\n\n", f.AsOf.In(zone).Format("2006-01-02 15:04:05 MST"))
	printTasks(w, f.Tasks())
	table(w, statusRows(f, zone))
	printBlocked(w, "DUTIES", f.Blocked)
	printLanes(w, f, zone)
	printWorkers(w, f)
	printRelays(w, f, zone)
	if len(f.Classes) > 0 {
		fmt.Fprintln(w)
		printClasses(w, f, zone)
	}
	fmt.Fprintln(w)
	sentences(w, "", forecastWords(f, zone))
}

func printTasks(w io.Writer, tasks []status.Task) {
	if len(tasks) == 0 {
		return
	}
	fmt.Fprintln(w, "TO DO")
	for _, t := range tasks {
		what := t.What
		if t.Count > 0 {
			what = number(t.Count) + " " + what
		}
		sentences(w, "  ", what)
		sentences(w, "    -> ", t.Do)
	}
	fmt.Fprintln(w)
}

func statusRows(f status.Figures, zone *time.Location) [][]string {
	rows := [][]string{
		{"people", number(f.Contacts)},
		{"duties", tallied(mailer.DutyStates, f.Duties)},
		{"overdue", overdueWords(f)},
		{"due within", dueWords(f)},
	}
	if !f.OldestDueAt.IsZero() {
		rows = append(rows, []string{"oldest date", oldest(f, zone)})
	}
	onTime := f.Duties[mailer.DutyOpen] + f.Duties[mailer.DutyInFlight] + f.Duties[mailer.DutyFailed] + f.Duties[mailer.DutyBlocked] - f.Overdue
	rows = append(rows,
		[]string{"on time", fmt.Sprintf("%s owed, %s met", number(onTime), number(f.Duties[mailer.DutyMet]-f.MetLate))},
		[]string{"late", fmt.Sprintf("%s owed, %s met", number(f.Overdue), number(f.MetLate))},
		[]string{"notices", tallied(mailer.DeliveryStates, f.Deliveries)},
		[]string{"handed over", fmt.Sprintf("%s in the last minute, %s in the last hour", number(f.RelayedLast["1m"]), number(f.RelayedLast["1h"]))})
	if h := f.ByHand; h.Any() {
		rows = append(rows, []string{"by hand", handWords(h)})
	}
	if n := f.Requests.Count(); n > 0 || len(f.Objections) > 0 {
		rows = append(rows, []string{"people said", counted(sum(f.Objections), "objection", "objections") + ", " + counted(n, "request open", "requests open") + requestsDue(f.Requests, zone)})
	}
	if len(f.Answers.Open) > 0 {
		rows = append(rows, []string{"answers open", tallied(wish.Kinds, f.Answers.Open) + "; the first to be answered by " + calendar.DateOf(f.Answers.DueAt, zone).String()})
	}
	return append(rows, reportRows(f)...)
}

// requestsDue says by when the first of the open requests is to be answered.
func requestsDue(f status.RequestFigures, zone *time.Location) string {
	if f.DueAt.IsZero() {
		return ""
	}
	return "; the first to be answered by " + calendar.DateOf(f.DueAt, zone).String()
}

// handWords say where letters and calls stand; what is paused is no part of what is to be done.
func handWords(h status.HandFigures) string {
	letters := fmt.Sprintf("letters: %s to print, %s in batches, %s posted, %s returned", number(h.Letters), number(h.InBatches), number(h.Posted), number(h.Returned))
	calls := "calls: " + number(h.Calls)
	if h.LettersPaused > 0 {
		letters += ", " + number(h.LettersPaused) + " paused"
	}
	if h.CallsPaused > 0 {
		calls += ", " + number(h.CallsPaused) + " paused"
	}
	return letters + "; " + calls
}

// tallied lists the states that occur, in their order.
func tallied[S ~string](states []S, n map[S]int64) string {
	var parts []string
	for _, s := range states {
		if n[s] != 0 {
			parts = append(parts, strings.ReplaceAll(string(s), "_", " ")+" "+number(n[s]))
		}
	}
	if len(parts) == 0 {
		return "none"
	}
	return strings.Join(parts, ", ")
}

func overdueWords(f status.Figures) string {
	if f.Overdue == 0 {
		return "0"
	}
	var parts []string
	for _, a := range status.Ages {
		if n := f.OverdueBy[a.Name]; n > 0 {
			parts = append(parts, number(n)+" "+a.Words)
		}
	}
	return number(f.Overdue) + ": " + strings.Join(parts, ", ")
}

func dueWords(f status.Figures) string {
	var parts []string
	for _, win := range status.Windows {
		parts = append(parts, win.Name+" "+number(f.DueWithin[win.Name]))
	}
	return strings.Join(parts, ", ")
}

func oldest(f status.Figures, zone *time.Location) string {
	date := calendar.DateOf(f.OldestDueAt, zone).String()
	if d := mailer.LateDays(f.OldestDueAt, f.AsOf, zone); d > 0 {
		return fmt.Sprintf("%s, late by %s", date, counted(int64(d), "day", "days"))
	}
	return date
}

func printLanes(w io.Writer, f status.Figures, zone *time.Location) {
	rows := [][]string{{"LANE", "STATE", "PACE", "QUEUED", "FIRST DATE", "WHY"}}
	for _, l := range f.Lanes {
		if l.Queued == 0 && (l.State == mailer.LaneClosed || inClass(l) && l.State == mailer.LaneOpen) {
			continue // its campaign has ended, or not begun: campaign list shows it; or nobody of its class waits
		}
		first := "-"
		if !l.EarliestDue.IsZero() {
			first = calendar.DateOf(l.EarliestDue, zone).String()
		}
		rows = append(rows, []string{laneName(l), string(l.State), paceWords(l.Pace), number(l.Queued), first, l.Reason})
	}
	if len(rows) > 1 {
		fmt.Fprintln(w)
		table(w, rows)
	}
}

func printWorkers(w io.Writer, f status.Figures) {
	if len(f.Workers) == 0 {
		fmt.Fprintln(w, "\nno worker is there")
		return
	}
	rows := [][]string{{"WORKER", "UP FOR", "SEEN", "RELAY", "CONNECTIONS", "ON THE WIRE"}}
	for _, h := range f.Workers {
		seen := f.AsOf.Sub(h.SeenAt).Round(time.Second).String() + " ago"
		if h.Gone(f.AsOf) {
			seen += ", GONE"
		}
		rows = append(rows, []string{h.Host, h.SeenAt.Sub(h.StartedAt).Round(time.Second).String(), seen,
			h.Relay + " " + string(h.RelayState), fmt.Sprintf("%d of %d", h.Connections, h.Allowed), strconv.Itoa(h.InFlight)})
	}
	fmt.Fprintln(w)
	table(w, rows)
}

// printRelays shows what relays with limits were given.
func printRelays(w io.Writer, f status.Figures, zone *time.Location) {
	rows := [][]string{{"RELAY", "DAY", "GIVEN", "A DAY", "A SECOND"}}
	for _, r := range relaysReport(f, zone) {
		rows = append(rows, []string{r.Relay, r.Day, number(int64(r.Given)), capWords(r.PerDay), capWords(r.PerSecond)})
	}
	if len(rows) > 1 {
		fmt.Fprintln(w)
		table(w, rows)
	}
}

// capWords writes a number of pacing.Caps.
func capWords(n int) string {
	switch {
	case n < 0:
		return "nothing yet"
	case n == 0:
		return "no limit"
	}
	return number(int64(n))
}

// relayJSON is what a relay with limits was given on its last day.
type relayJSON struct {
	Relay     string `json:"relay"`
	Day       string `json:"day"`
	Given     int    `json:"given"`
	PerDay    int    `json:"per_day"`
	PerSecond int    `json:"per_second"`
}

func relaysReport(f status.Figures, zone *time.Location) []relayJSON {
	out := make([]relayJSON, len(f.Relays))
	for i, r := range f.Relays {
		out[i] = relayJSON{r.Relay, calendar.DateOf(r.Day, zone).String(), r.OnDay, r.Caps.PerDay, r.Caps.PerSecond}
	}
	return out
}

// number writes a count with its thousands apart.
func number(n int64) string {
	s := strconv.FormatInt(n, 10)
	first := 0
	if n < 0 {
		first = 1
	}
	for i := len(s) - 3; i > first; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

func sum[K comparable](m map[K]int64) (n int64) {
	for v := range maps.Values(m) {
		n += v
	}
	return n
}

// workersJSON are the workers as they last said of themselves.
type workerJSON struct {
	Host        string             `json:"host"`
	StartedAt   time.Time          `json:"started_at"`
	SeenAt      time.Time          `json:"seen_at"`
	Gone        bool               `json:"gone"`
	Relay       string             `json:"relay"`
	RelayState  deliver.RelayState `json:"relay_state"`
	Connections int                `json:"connections"`
	Allowed     int                `json:"connections_allowed"`
	InFlight    int                `json:"in_flight"`
}

func workersReport(f status.Figures) []workerJSON {
	out := make([]workerJSON, len(f.Workers))
	for i, h := range f.Workers {
		out[i] = workerJSON{h.Host, h.StartedAt, h.SeenAt, h.Gone(f.AsOf), h.Relay, h.RelayState, h.Connections, h.Allowed, h.InFlight}
	}
	return out
}

// tasksReport is never null, so that a program can count it.
func tasksReport(f status.Figures) []status.Task { return append([]status.Task{}, f.Tasks()...) }
