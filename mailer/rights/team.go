package rights

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"article14/internal/address"
	"article14/internal/identity"
	"article14/mailer"
)

// Received is what came by letter, by telephone or at a desk, put on record by hand.
type Received struct {
	Contact  mailer.ID
	Kind     mailer.RequestKind
	Activity string // "": all that is held
	Way      mailer.Way
	At       time.Time // of its receipt: its month counts from there (D9)
	By       string
	Words    string // theirs; "" for none
	Known    string // how it is known who asks; "": it is not yet
}

// Add puts on record what a person asked for without a link, with its date of receipt.
func (r *Requests) Add(ctx context.Context, in Received) (mailer.Request, error) {
	now := r.Rights.Now()
	switch {
	case strings.TrimSpace(in.By) == "":
		return mailer.Request{}, errNoName
	case in.At.After(now) || in.At.IsZero():
		return mailer.Request{}, errors.New("a request is received on a day that has come: give that of its receipt (--received)")
	case in.Kind == mailer.RequestObjection:
		return mailer.Request{}, errors.New("an objection takes effect at once: record it with 'answer close --as objection', or have them use their link")
	}
	words, err := plainWords(in.Words, mailer.MostText)
	if err != nil {
		return mailer.Request{}, err
	}
	_, reg, err := r.Rights.Registers.Current(ctx, r.Rights.Key)
	if err != nil {
		return mailer.Request{}, err
	}
	q := mailer.Request{ContactID: in.Contact, Kind: in.Kind, ActivityKey: in.Activity, Way: in.Way, ReceivedAt: in.At}
	mail := r.receipt(ctx, To{Contact: in.Contact, Activity: in.Activity}, mailer.DocRequestReceipt, mailer.Matter{Kind: in.Kind, At: in.At, Due: mailer.RequestDue(in.At, r.Company.Zone)})
	return r.Store.OpenRequest(ctx, r.Rights.Controller, in.Contact, mailer.ID{}, now, func(s Standing) (RequestChange, error) {
		activities := s.Activities
		if in.Activity != "" {
			activities = []string{in.Activity}
		}
		switch {
		case !s.Contact.ErasedAt.IsZero():
			return RequestChange{}, errors.New("their data are erased already: answer them that nothing is held any more")
		case !applies(reg, in.Kind, activities):
			return RequestChange{}, ErrNoRight
		}
		c := r.taken(reg, s, q, in.By, mail)
		if !c.New {
			c = r.event(c.Request, "asked_again", c.Request.State, in.By, string(in.Way))
		}
		c.say(TextAsked, "", "", words)
		if in.Known != "" && c.Request.State.Open() && c.Request.Proof == mailer.ProofNone {
			c = r.proved(reg, c, s.Activities, mailer.ProofByTeam, in.By)
			c.say(TextProof, in.By, "", in.Known)
		}
		return c, nil
	})
}

var errNoName = errors.New("this is put on record with the name of the person who does it (--by)")

// Decided is who decides something about a request, and what is told to the person.
type Decided struct {
	By       string
	Text     string    // to the person, in Language
	Language string    // "": that of their notice
	Posted   time.Time // it went by post on that day, by hand; zero: it goes by mail
}

// tell plans the mail of a decision; nil where it went by post.
func (r *Requests) tell(ctx context.Context, f RequestFile, doc mailer.Document, m mailer.Matter, d Decided) (*mailer.PlannedDelivery, error) {
	if !d.Posted.IsZero() {
		return nil, nil
	}
	if f.Shared && slices.Contains([]mailer.Document{mailer.DocAnswer, mailer.DocRefusal}, doc) {
		return nil, errors.New("their mailbox is that of somebody else as well, who would read it (R4): send it by post and say when, with --by-post")
	}
	m.Kind, m.At, m.Language = f.Kind, f.ReceivedAt, d.Language
	mail, err := r.Mail.Plan(ctx, To{Contact: f.ContactID, Activity: f.ActivityKey}, doc, m)
	if errors.Is(err, ErrNoMailbox) {
		err = fmt.Errorf("%w: with --by-post", err)
	}
	return mail, err
}

// handing is how a decision reaches the person.
func (d Decided) handing(mail *mailer.PlannedDelivery) mailer.Handing {
	if mail == nil {
		return mailer.Handing{At: d.Posted}
	}
	return mailer.Handing{DeliveryID: mail.ID, State: mailer.Queued}
}

// decide plans what is told, and writes a decision about an open request.
func (r *Requests) decide(ctx context.Context, id mailer.ID, d Decided, plan func(RequestFile) (*mailer.PlannedDelivery, error),
	work func(RequestFile, *mailer.PlannedDelivery) (RequestChange, error)) (mailer.Request, error) {
	now := r.Rights.Now()
	switch {
	case strings.TrimSpace(d.By) == "":
		return mailer.Request{}, errNoName
	case d.Posted.After(now):
		return mailer.Request{}, errors.New("what went by post went on a day that has come (--by-post)")
	}
	f, err := r.Store.RequestFile(ctx, r.Rights.Controller, id)
	if err != nil {
		return mailer.Request{}, err
	}
	// Once without the mail, so that nothing is planned for what is refused.
	if _, err := work(f, nil); err != nil {
		return mailer.Request{}, err
	}
	mail, err := plan(f)
	if err != nil {
		return mailer.Request{}, err
	}
	return r.Store.ChangeRequest(ctx, r.Rights.Controller, id, now, func(f RequestFile) (RequestChange, error) { return work(f, mail) })
}

func nothingToTell(RequestFile) (*mailer.PlannedDelivery, error) { return nil, nil }

// ProveBy puts on record that somebody of the team made sure who asks, and how (R4).
func (r *Requests) ProveBy(ctx context.Context, id mailer.ID, by, how string) (mailer.Request, error) {
	how, err := plainWords(how, MostWords)
	if err != nil || how == "" {
		return mailer.Request{}, errors.Join(err, errors.New("say how it is known who asks (--why): it is put on record"))
	}
	_, reg, err := r.Rights.Registers.Current(ctx, r.Rights.Key)
	if err != nil {
		return mailer.Request{}, err
	}
	return r.decide(ctx, id, Decided{By: by}, nothingToTell, func(f RequestFile, _ *mailer.PlannedDelivery) (RequestChange, error) {
		switch {
		case !f.State.Open():
			return RequestChange{}, ErrRequestEnded
		case f.Proof != mailer.ProofNone:
			return RequestChange{}, fmt.Errorf("it is proved already, since %s", f.ProvedAt.UTC().Format(time.DateOnly))
		}
		c := r.proved(reg, RequestChange{Request: f.Request, LookAt: firstLook(f.Request, r.Rights.Now())}, f.Activities, mailer.ProofByTeam, by)
		c.say(TextProof, by, "", how)
		c.CodeUsed = true
		return c, nil
	})
}

// Take puts on record that somebody sees to a request.
func (r *Requests) Take(ctx context.Context, id mailer.ID, by string) (mailer.Request, error) {
	return r.decide(ctx, id, Decided{By: by}, nothingToTell, func(f RequestFile, _ *mailer.PlannedDelivery) (RequestChange, error) {
		if !f.State.Open() {
			return RequestChange{}, ErrRequestEnded
		}
		return r.event(f.Request, "taken", mailer.RequestInWork, by, ""), nil
	})
}

// Extend gives a request two more months (Art. 12(3)), for a reason, while the first one runs. It
// counts once its notice was handed over within that month; Request.Clock says whether it does.
func (r *Requests) Extend(ctx context.Context, id mailer.ID, reason mailer.ExtensionReason, d Decided) (mailer.Request, error) {
	if !slices.Contains(mailer.ExtensionReasons, reason) || strings.TrimSpace(d.Text) == "" {
		return mailer.Request{}, errors.New("a request is extended for its complexity, or the number of requests (--reason), and the person is told why (--text)")
	}
	until := func(f RequestFile) time.Time { return mailer.ExtendedDue(f.ReceivedAt, r.Company.Zone) }
	return r.decide(ctx, id, d, func(f RequestFile) (*mailer.PlannedDelivery, error) {
		return r.tell(ctx, f, mailer.DocExtension, mailer.Matter{FirstDue: f.DueAt, Due: until(f), Text: d.Text}, d)
	}, func(f RequestFile, mail *mailer.PlannedDelivery) (RequestChange, error) {
		now := r.Rights.Now()
		_, stand := f.Clock(now)
		switch {
		case !f.State.Open():
			return RequestChange{}, ErrRequestEnded
		case now.After(f.DueAt):
			return RequestChange{}, errors.New("its month is over: only within it can it be extended (Art. 12(3)); answer it now")
		case stand == mailer.ExtensionHolds || stand == mailer.ExtensionWaits:
			return RequestChange{}, errors.New("it is extended already: nothing extends it twice")
		}
		c := r.event(f.Request, "extended", mailer.RequestInWork, d.By, string(reason))
		c.Request.Extension = mailer.Extension{MadeAt: now, To: until(f), Reason: reason, Notice: d.handing(mail)}
		c.send(mail)
		c.say(TextReasons, d.By, d.Language, d.Text)
		c.LookAt = firstLook(c.Request, now)
		c.Settle = append(c.Settle, mailer.AlertExtensionNotHeld)
		return c, nil
	})
}

// Answer ends a request with what it comes to. set are right values by field, for a
// rectification. An erasure is not answered by words: it is carried out, when its receipt
// has gone out.
func (r *Requests) Answer(ctx context.Context, id mailer.ID, d Decided, set map[string]string) (mailer.Request, error) {
	return r.decide(ctx, id, d, func(f RequestFile) (*mailer.PlannedDelivery, error) {
		if f.Kind == mailer.RequestErasure {
			return r.erasureReceipt(ctx, f, d)
		}
		return r.tell(ctx, f, mailer.DocAnswer, mailer.Matter{Text: d.Text}, d)
	}, func(f RequestFile, mail *mailer.PlannedDelivery) (RequestChange, error) {
		switch {
		case !f.State.Open():
			return RequestChange{}, ErrRequestEnded
		case f.Kind.NeedsProof() && f.Proof == mailer.ProofNone:
			return RequestChange{}, ErrUnproved
		case f.Kind == mailer.RequestErasure:
			return r.erasing(f, d, mail), nil
		case len(set) > 0 && f.Kind != mailer.RequestRectification:
			return RequestChange{}, errors.New("values are put right by the answer to a rectification (--set)")
		case strings.TrimSpace(d.Text) == "" && d.Posted.IsZero():
			return RequestChange{}, errors.New("say what the person is told (--text)")
		}
		c := r.event(f.Request, "answered", mailer.RequestAnswered, d.By, "")
		c.answer(d.handing(mail), mail)
		c.say(TextAnswer, d.By, d.Language, d.Text)
		return c, r.correct(&c, f, d.By, set)
	})
}

// Refuse ends a request with a ground and reasons, and tells the person of complaint and court
// (Art. 12(4)). Whatever use it had stopped goes on once they were told.
func (r *Requests) Refuse(ctx context.Context, id mailer.ID, ground mailer.Ground, d Decided) (mailer.Request, error) {
	return r.decide(ctx, id, d, func(f RequestFile) (*mailer.PlannedDelivery, error) {
		return r.tell(ctx, f, mailer.DocRefusal, mailer.Matter{Ground: ground, Text: d.Text}, d)
	}, func(f RequestFile, mail *mailer.PlannedDelivery) (RequestChange, error) {
		switch {
		case !f.State.Open():
			return RequestChange{}, ErrRequestEnded
		case !slices.Contains(mailer.RefusalGrounds(f.Kind), ground):
			return RequestChange{}, fmt.Errorf("that is no ground on which a request of the kind %s is refused: one of %s", f.Kind, joined(mailer.RefusalGrounds(f.Kind)))
		case strings.TrimSpace(d.Text) == "":
			return RequestChange{}, errors.New("a refusal has reasons, in the person's words (--text)")
		}
		c := r.event(f.Request, "refused", mailer.RequestRefused, d.By, string(ground))
		c.Request.Ground = ground
		c.answer(d.handing(mail), mail)
		c.say(TextReasons, d.By, d.Language, d.Text)
		c.lift(f, d.By, c.Request.Answer)
		return c, nil
	})
}

// Withdraw puts on record that the person does not want it any more, as the team was told.
func (r *Requests) Withdraw(ctx context.Context, id mailer.ID, by string) (mailer.Request, error) {
	return r.decide(ctx, id, Decided{By: by}, nothingToTell, func(f RequestFile, _ *mailer.PlannedDelivery) (RequestChange, error) {
		if !f.State.Open() {
			return RequestChange{}, ErrRequestEnded
		}
		c := r.event(f.Request, "withdrawn", mailer.RequestWithdrawn, by, "told_us")
		c.lift(f, by, mailer.Handing{At: r.Rights.Now()})
		return c, nil
	})
}

// Lift ends a restriction that a person asked for. It takes effect when what tells them was
// handed over, and no sooner (Art. 18(3)); Restriction.Stands says whether it has.
func (r *Requests) Lift(ctx context.Context, id mailer.ID, d Decided) (mailer.Request, error) {
	return r.decide(ctx, id, d, func(f RequestFile) (*mailer.PlannedDelivery, error) {
		return r.tell(ctx, f, mailer.DocRestrictionEnd, mailer.Matter{Text: d.Text}, d)
	}, func(f RequestFile, mail *mailer.PlannedDelivery) (RequestChange, error) {
		if strings.TrimSpace(d.Text) == "" {
			return RequestChange{}, errors.New("the person is told why their data are used again (--text)")
		}
		if f.Kind != mailer.RequestRestriction {
			return RequestChange{}, errors.New("only what a person had restricted is lifted: the rest ends with its request, or with a new consent")
		}
		c := r.event(f.Request, "lifted", f.State, d.By, "")
		c.lift(f, d.By, d.handing(mail))
		if len(c.Lift) == 0 {
			return RequestChange{}, errors.New("nothing of it stands any more, or what tells the person is on its way")
		}
		c.send(mail)
		c.say(TextReasons, d.By, d.Language, d.Text)
		c.LookAt = r.Rights.Now().Add(time.Hour)
		return c, nil
	})
}

// lift ends what a request had stopped, once the person was told. What is lifted already and
// on its way stays so; what came back is told anew.
func (c *RequestChange) lift(f RequestFile, by string, told mailer.Handing) {
	for _, x := range f.Restrictions {
		if x.RequestID == f.ID && (x.LiftAt.IsZero() || x.Told.Lost()) {
			x.LiftAt, x.LiftedBy, x.Told = c.Events[0].At, by, told
			c.Lift = append(c.Lift, x)
		}
	}
}

// correct puts values right (Art. 16). The old one is kept until the person is erased; another
// address or number is added, and the old one is written to no more.
func (r *Requests) correct(c *RequestChange, f RequestFile, by string, set map[string]string) error {
	now := r.Rights.Now()
	for _, field := range mailer.CorrectedFields {
		value, given := set[field]
		if !given {
			continue
		}
		value, err := plainWords(value, mostValue)
		if err != nil {
			return err
		}
		x := mailer.Correction{ID: mailer.NewID(now), ContactID: f.ContactID, RequestID: f.ID, Field: field, New: value, MadeAt: now, By: by}
		if kind, recognises := identifierFields[field]; recognises {
			id, err := r.identifier(kind, value, now)
			if err != nil {
				return err
			}
			x.New = id.Value
			c.Added = append(c.Added, id)
			for _, old := range f.Identifiers {
				if old.Kind == kind && string(old.Hash) != string(id.Hash) {
					x.Old = old.Value
					c.Replaced = append(c.Replaced, old.ID)
				}
			}
		} else {
			x.Old = *f.Contact.Field(field)
		}
		c.Correct = append(c.Correct, x)
	}
	if len(c.Correct) < len(set) {
		return fmt.Errorf("what can be put right is one of %s", strings.Join(mailer.CorrectedFields, ", "))
	}
	return nil
}

var identifierFields = map[string]mailer.IdentifierKind{"email": mailer.ByEmail, "phone": mailer.ByPhone}

// identifier makes an identifier of what recognises a person, as an import would.
func (r *Requests) identifier(kind mailer.IdentifierKind, value string, now time.Time) (mailer.Identifier, error) {
	shown, normal := value, ""
	switch kind {
	case mailer.ByEmail:
		a, err := address.Parse(value)
		if err != nil {
			return mailer.Identifier{}, errors.New("that is no e-mail address")
		}
		shown, normal = a.Normal(), a.Normal()
	default:
		n, ok := identity.Phone(value)
		if !ok {
			return mailer.Identifier{}, errors.New("that is no telephone number with its country's code (+33...)")
		}
		shown, normal = n, n
	}
	k := r.Rights.Tokens.Keys.Newest(mailer.IdentityKey)
	return mailer.Identifier{ID: mailer.NewID(now), Kind: kind, Value: shown, Hash: k.MAC([]byte(kind), []byte(normal)), KeyID: k.ID}, nil
}

func joined[S ~string](words []S) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, ", ")
}
