package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"article14/internal/calendar"
	"article14/internal/wish"
	"article14/mailer"
	"article14/mailer/track"
)

type answerCmd struct {
	List  answerListCmd  `cmd:"" help:"List what people wrote back, by id; --open: those that wait for somebody, the earliest date on top."`
	Show  answerShowCmd  `cmd:"" help:"Show one answer with its words. They are a person's."`
	Link  answerLinkCmd  `cmd:"" help:"Say whose an answer is that found nobody."`
	Close answerCloseCmd `cmd:"" help:"Put on record what an answer came to."`
}

type answerListCmd struct {
	Open  bool `help:"Only those that nobody has closed, the earliest date on top."`
	Limit int  `help:"How many." default:"50"`
	JSON  bool `help:"Print JSON."`
}

// answerJSON is an item without its words.
type answerJSON struct {
	ID         mailer.ID         `json:"id"`
	Contact    mailer.ID         `json:"contact,omitzero"`
	Delivery   mailer.ID         `json:"delivery,omitzero"`
	Door       string            `json:"door"`
	ReceivedAt time.Time         `json:"received_at"`
	MatchedBy  track.MatchedBy   `json:"matched_by"`
	Language   string            `json:"language,omitempty"`
	Kind       wish.Kind         `json:"suggested_kind"`
	Why        []string          `json:"why"`
	No         track.AnswerNo    `json:"clear_no,omitempty"`
	DueAt      time.Time         `json:"due_at"`
	State      track.AnswerState `json:"state"`
	ClosedAt   time.Time         `json:"closed_at,omitzero"`
	ClosedBy   string            `json:"closed_by,omitempty"`
	ClosedAs   track.AnswerEnd   `json:"closed_as,omitempty"`
	ClosedWhy  string            `json:"closed_why,omitempty"`
}

func newAnswerJSON(a track.AnswerItem) answerJSON {
	return answerJSON{a.ID, a.ContactID, a.DeliveryID, a.Door, a.ReceivedAt, a.By, a.Language, a.Kind, append([]string{}, a.Why...), a.No, a.DueAt, a.State,
		a.ClosedAt, a.ClosedBy, a.ClosedAs, a.ClosedWhy}
}

func newAnswersJSON(as []track.AnswerItem) []answerJSON {
	out := make([]answerJSON, len(as))
	for i, a := range as {
		out[i] = newAnswerJSON(a)
	}
	return out
}

func (c *answerListCmd) Run(ctx context.Context, a *app, std streams) error {
	if c.Limit <= 0 {
		return misuse{errors.New("--limit is a number of answers, 1 or more")}
	}
	items, err := a.store.Answers(ctx, a.controller, c.Open, c.Limit)
	if err != nil {
		return err
	}
	if c.JSON {
		return printJSON(std.out, newAnswersJSON(items))
	}
	printAnswers(std.out, items, a.now(), a.reg.Controller.Zone)
	if len(items) == c.Limit {
		fmt.Fprintf(std.err, "there may be more: --limit %d\n", 10*c.Limit)
	}
	return nil
}

// printAnswers prints each by id alone: what was written is for 'answer show'.
func printAnswers(w io.Writer, items []track.AnswerItem, now time.Time, zone *time.Location) {
	if len(items) == 0 {
		fmt.Fprintln(w, "none")
		return
	}
	rows := [][]string{{"ANSWER", "RECEIVED", "SUGGESTED", "WHERE IT STANDS"}}
	for _, a := range items {
		rows = append(rows, []string{a.ID.String(), calendar.DateOf(a.ReceivedAt, zone).String(), string(a.Kind), answerStand(a, now, zone)}, []string{"  " + answerWhose(a)})
		if a.State != track.AnswerClosed && a.No != "" {
			rows = append(rows, []string{"  " + answerNos[a.No]})
		}
	}
	table(w, rows)
}

// answerWhose says of whom an answer is, and how that is known.
func answerWhose(a track.AnswerItem) string {
	if a.ContactID.IsZero() {
		return "nobody known: say whose it is with 'answer link ID CONTACT'"
	}
	return "contact " + a.ContactID.String() + ", by " + answerMatches[a.By]
}

// answerMatches are the ways in which an answer is matched, in words.
var answerMatches = map[track.MatchedBy]string{
	track.ByReply:      "the reply address of one mail",
	track.ByEnvelope:   "the envelope sender of one mail",
	track.ByEnvelopeID: "the envelope id of one mail",
	track.ByAuthor:     "the mail that it answers and its author's address",
	track.ByMessageID:  "the mail that it answers; its author's address is another",
	track.BySenderOnly: "its author's address alone",
	track.ByPerson:     "somebody of the team",
}

// answerNos say what became of a clear no.
var answerNos = map[track.AnswerNo]string{
	track.NoRecorded: "it says a clear no: their objection is recorded",
	track.NoPending:  "it says a clear no: their objection takes effect shortly",
	track.NoUnknown:  "it says a clear no that has NOT taken effect: link it to a person who was told, or answer it",
	track.NoRight:    "it says a clear no that has NOT taken effect: there is no such right here, so decide and answer",
}

// answerStand says what an item waits for or came to, with the days late: none is hidden (D7).
func answerStand(a track.AnswerItem, now time.Time, zone *time.Location) string {
	if a.State == track.AnswerClosed {
		by := ""
		if a.ClosedBy != "" {
			by = " by " + visible(a.ClosedBy)
		}
		return "closed as " + string(a.ClosedAs) + by
	}
	return "answer by " + dueIn(a.DueAt, now, zone)
}

type answerShowCmd struct {
	ID   string `arg:"" help:"The answer's id."`
	JSON bool   `help:"Print JSON."`
}

type attachmentJSON struct {
	Type string `json:"type"`
	Size int    `json:"size"`
}

func (c *answerShowCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := answerID(c.ID)
	if err != nil {
		return err
	}
	item, text, err := a.store.Answer(ctx, a.controller, id)
	if err != nil {
		return err
	}
	if c.JSON {
		files := make([]attachmentJSON, len(text.Attachments))
		for i, f := range text.Attachments {
			files[i] = attachmentJSON{f.Type, f.Size}
		}
		return printJSON(std.out, struct {
			answerJSON
			From        string           `json:"from,omitempty"`
			Subject     string           `json:"subject,omitempty"`
			Text        string           `json:"text,omitempty"`
			Attachments []attachmentJSON `json:"attachments"`
			KeptUntil   time.Time        `json:"kept_until,omitzero"`
		}{newAnswerJSON(item), text.From, text.Subject, text.Body, files, text.Until})
	}
	printAnswer(std.out, item, text, a.now(), a.reg.Controller.Zone)
	return nil
}

func printAnswer(w io.Writer, a track.AnswerItem, text track.AnswerText, now time.Time, zone *time.Location) {
	lang := a.Language
	if lang == "" {
		lang = "unknown"
	}
	why := "no phrase of the tables is in it"
	switch {
	case len(a.Why) > 0:
		why = strings.Join(slices.Compact(slices.Sorted(slices.Values(a.Why))), "; ")
	case a.No != "":
		why = "it is a clear no"
	}
	rows := [][]string{{"answer", a.ID.String()}, {"received", whenIn(a.ReceivedAt, zone) + " (" + a.Door + ")"}, {"of", answerWhose(a)},
		{"stands", answerStand(a, now, zone)}, {"suggested", string(a.Kind) + " (" + why + ")"}, {"language", lang}}
	if a.No != "" {
		rows = slices.Insert(rows, 4, []string{"says", strings.TrimPrefix(answerNos[a.No], "it says ")})
	}
	if !a.DeliveryID.IsZero() {
		rows = append(rows, []string{"delivery", a.DeliveryID.String()})
	}
	if a.State == track.AnswerClosed {
		rows = append(rows, []string{"closed", whenIn(a.ClosedAt, zone) + " " + visible(a.ClosedWhy)})
	}
	if text.Until.IsZero() {
		table(w, append(rows, []string{"words", "are not kept any more"}))
		return
	}
	for _, f := range text.Attachments {
		rows = append(rows, []string{"with it", fmt.Sprintf("%s, %s octets; not opened here", f.Type, number(int64(f.Size)))})
	}
	table(w, append(rows, []string{"kept until", whenIn(text.Until, zone)}, []string{"from", text.From}, []string{"subject", text.Subject}))
	fmt.Fprintln(w)
	for line := range strings.SplitSeq(text.Body, "\n") {
		fmt.Fprintln(w, "| "+line)
	}
}

type answerLinkCmd struct {
	ID      string `arg:"" help:"The answer's id."`
	Contact string `arg:"" help:"The contact's id, or the code that a notice of theirs bears."`
	By      string `help:"Who says so." required:"" placeholder:"NAME"`
}

func (c *answerLinkCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := answerID(c.ID)
	if err != nil {
		return err
	}
	contact, err := a.contact(ctx, c.Contact)
	if err != nil {
		return err
	}
	item, err := a.answers().Link(ctx, id, contact, c.By)
	if err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is of contact %s; %s\n", id, contact, answerStand(item, a.now(), a.reg.Controller.Zone))
	if item.No != "" {
		fmt.Fprintln(std.out, answerNos[item.No])
	}
	return nil
}

type answerCloseCmd struct {
	ID  string `arg:"" help:"The answer's id."`
	As  string `help:"What it came to: request:access or objection, which are recorded as of its receipt; answered, elsewhere; or nothing, where it asks for nothing." required:"" enum:"request:access,objection,answered,nothing" placeholder:"END"`
	By  string `help:"Who closes it." required:"" placeholder:"NAME"`
	Why string `help:"Why, for the record; name nobody in it." required:"" placeholder:"TEXT"`
}

func (c *answerCloseCmd) Run(ctx context.Context, a *app, std streams) error {
	id, err := answerID(c.ID)
	if err != nil {
		return err
	}
	if err := a.answers().Close(ctx, id, track.AnswerEnd(c.As), c.By, c.Why); err != nil {
		return err
	}
	fmt.Fprintf(std.out, "%s is closed as %s\n", id, c.As)
	return nil
}

func answerID(given string) (mailer.ID, error) {
	id, err := mailer.ParseID(given)
	if err != nil {
		return id, misuse{errors.New("give the id that 'article14 answer list' shows")}
	}
	return id, nil
}
