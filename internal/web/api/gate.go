package api

import (
	"context"
	"time"

	"article14/mailer"
	"article14/mailer/gate"
)

// Who names a person and a purpose, as programs write it. It is exported for the schema's sake.
type Who struct {
	Contact   string `json:"contact,omitempty" doc:"our id of the person" maxLength:"36"`
	Email     string `json:"email,omitempty" doc:"an e-mail address of theirs" maxLength:"320"`
	Phone     string `json:"phone,omitempty" doc:"a telephone number of theirs with the country's code" maxLength:"40"`
	Source    string `json:"source,omitempty" doc:"with reference: the key of the source that gave it" maxLength:"100"`
	Reference string `json:"reference,omitempty" doc:"the source's own reference for the person" maxLength:"400"`
	Activity  string `json:"activity,omitempty" doc:"the activity's key in the register; may be left out where one activity alone has the purpose" maxLength:"100"`
	Purpose   string `json:"purpose" doc:"the purpose's key in the register" maxLength:"100"`
}

func (w Who) question(i int) (gate.Question, error) {
	q := gate.Question{Who: gate.Who{Email: w.Email, Phone: w.Phone, Source: w.Source, Reference: w.Reference}, Activity: w.Activity, Purpose: w.Purpose}
	if w.Contact != "" {
		id, err := mailer.ParseID(w.Contact)
		if err != nil {
			return q, &gate.QuestionError{Index: i, What: "contact is no id"}
		}
		q.Who.Contact = id
	}
	return q, nil
}

type use struct {
	Who
	Kind      string     `json:"kind" enum:"communication,disclosure" doc:"what was done: they were contacted, or their data were passed on"`
	Recipient string     `json:"recipient,omitempty" doc:"of a disclosure: the recipient, as the register names it" maxLength:"200"`
	At        *time.Time `json:"at,omitempty" doc:"when; left out: now"`
	ID        string     `json:"id,omitempty" doc:"your own name for this use: the same again writes nothing" maxLength:"200"`
	Theirs    string     `json:"recipient_reference,omitempty" doc:"the recipient's own reference for the person, by which it finds them again" maxLength:"200"`
}

type answer struct {
	Allowed  bool       `json:"allowed" doc:"yes, or no"`
	Reason   string     `json:"reason,omitempty" enum:"unknown,erased,not_held,objected,restricted,expired,quarantined,not_started,not_informed" doc:"why not"`
	From     *time.Time `json:"from,omitempty" doc:"when it would be yes by itself, where that can be known"`
	DueAt    *time.Time `json:"due_at,omitempty" doc:"of not_informed: by when they must be told"`
	Contacts []string   `json:"contacts" doc:"our ids of the people whom it is about"`
	Recorded *int       `json:"recorded,omitempty" doc:"of a use: how many disclosures this call has put on record"`
}

func newAnswer(a gate.Answer) answer {
	out := answer{Allowed: a.Allowed, Reason: string(a.Reason), From: instant(a.From), DueAt: instant(a.DueAt), Contacts: make([]string, len(a.Contacts))}
	for i, id := range a.Contacts {
		out.Contacts[i] = id.String()
	}
	return out
}

func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}

type asking struct {
	Body struct {
		Questions []Who `json:"questions" minItems:"1" maxItems:"10000"`
	}
}

type confirming struct {
	Body struct {
		Uses []use `json:"uses" minItems:"1" maxItems:"10000"`
	}
}

type answering struct {
	Body struct {
		Answers []answer `json:"answers" doc:"one for each, in the order of the call"`
	}
}

func (s *server) ask(ctx context.Context, in *asking) (*answering, error) {
	qs := make([]gate.Question, len(in.Body.Questions))
	for i, q := range in.Body.Questions {
		var err error
		if qs[i], err = s.permitted(ctx, q, i); err != nil {
			return nil, s.fail(err)
		}
	}
	found, err := s.Gate.Ask(ctx, qs)
	if err != nil {
		return nil, s.fail(err)
	}
	out := &answering{}
	for _, a := range found {
		out.Body.Answers = append(out.Body.Answers, newAnswer(a))
	}
	return out, nil
}

func (s *server) confirm(ctx context.Context, in *confirming) (*answering, error) {
	uses := make([]gate.Use, len(in.Body.Uses))
	for i, u := range in.Body.Uses {
		q, err := s.permitted(ctx, u.Who, i)
		if err != nil {
			return nil, s.fail(err)
		}
		uses[i] = gate.Use{Question: q, Kind: gate.Kind(u.Kind), Recipient: u.Recipient, Idempotency: u.ID, Theirs: u.Theirs, By: tokenOf(ctx).Name}
		if u.At != nil {
			uses[i].At = *u.At
		}
	}
	done, err := s.Gate.Confirm(ctx, uses)
	if err != nil {
		return nil, s.fail(err)
	}
	out := &answering{}
	for _, c := range done {
		a := newAnswer(c.Answer)
		a.Recorded = &c.Recorded
		out.Body.Answers = append(out.Body.Answers, a)
	}
	return out, nil
}

func (s *server) permitted(ctx context.Context, w Who, i int) (gate.Question, error) {
	if !tokenOf(ctx).May(w.Purpose) {
		return gate.Question{}, errNotYours
	}
	return w.question(i)
}
