package rights

import (
	"context"
	"errors"
	"slices"

	"article14/internal/calendar"
	"article14/mailer"
)

// Choice is something that the holder of a notice's link may ask for.
type Choice struct {
	Kind       mailer.RequestKind
	NeedsProof bool          // before it is done; asking needs none
	Due        calendar.Date // if it is asked now
	Asked      *RequestView  // the newest of its kind; nil: none
}

// RequestView is a request as the holder of its link sees it: what was asked and when, by when
// it is answered, and where it stands. What was written, and why it was refused, it does not
// have: a link may be forwarded (R4).
type RequestView struct {
	Kind     mailer.RequestKind
	State    mailer.RequestState
	Received calendar.Date
	Due      calendar.Date // an extension that counts is in it
	Extended bool
	Proof    ProofWay       // how who asks can prove it; "" where that is not needed, or done
	Ended    *calendar.Date // nil: it is open
}

// ProofWay is how the holder of a link can prove that it is theirs (R4).
type ProofWay string

// Ways to prove. None of them names an address.
const (
	ByMailbox ProofWay = "mailbox" // by a code that is sent to where the notice went
	ByLetter  ProofWay = "letter"  // by typing the code of the letter again
	ByTeam    ProofWay = "team"    // the team gets in touch: a mailbox that several share proves nothing
)

// ChoicesView is the page on which a right is chosen.
type ChoicesView struct {
	Language   string
	Languages  []string
	Controller mailer.Controller
	Token      string
	Objection  string // the token of the objection form; "" where R10 gives no objection
	Choices    []Choice
	Erased     *calendar.Date // the data are gone since; there is nothing left to ask for
}

// Choices gives what the holder of a notice's link may ask for, by R10's table, with what was
// asked already. It changes nothing (R1), and shows no more than kinds, states and dates.
// Objecting has a link of its own.
func (r *Requests) Choices(ctx context.Context, token, wanted string) (ChoicesView, error) {
	n, reg, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return ChoicesView{}, err
	}
	v := ChoicesView{Language: n.choose(wanted), Languages: n.languages(), Controller: reg.Controller, Token: token, Erased: dateOf(n.ErasedAt, reg)}
	if v.Erased != nil {
		return v, nil
	}
	if objectionApplies(reg, n.ActivityKey) {
		v.Objection = r.Rights.Tokens.Make(mailer.Link{Purpose: mailer.TokenObjection, ContactID: n.Contact.ID, DeliveryID: n.DeliveryID})
	}
	stand, err := r.Store.RequestsOf(ctx, r.Rights.Controller, n.Contact.ID)
	if err != nil {
		return ChoicesView{}, err
	}
	now := r.Rights.Now()
	for _, kind := range mailer.RequestKinds {
		if kind == mailer.RequestObjection || !applies(reg, kind, []string{n.ActivityKey}) {
			continue
		}
		c := Choice{Kind: kind, NeedsProof: kind.NeedsProof(), Due: calendar.DateOf(mailer.RequestDue(now, r.Company.Zone), r.Company.Zone)}
		if q, asked := stand.latest(kind, activityOf(kind, n.ActivityKey)); asked {
			view := r.viewOf(q, n)
			c.Asked = &view
		}
		v.Choices = append(v.Choices, c)
	}
	return v, nil
}

// activityOf is what a request by a link is about: consent was given to an activity, and all
// else is asked of the company, whatever it holds.
func activityOf(k mailer.RequestKind, activity string) string {
	if k == mailer.RequestWithdrawal || k == mailer.RequestObjection {
		return activity
	}
	return ""
}

func (r *Requests) viewOf(q mailer.Request, n SentNotice) RequestView {
	due, stand := q.Clock(r.Rights.Now())
	v := RequestView{Kind: q.Kind, State: q.State, Received: calendar.DateOf(q.ReceivedAt, r.Company.Zone),
		Due: calendar.DateOf(due, r.Company.Zone), Extended: stand == mailer.ExtensionHolds}
	if !q.EndedAt.IsZero() {
		d := calendar.DateOf(q.EndedAt, r.Company.Zone)
		v.Ended = &d
	} else if q.Kind.NeedsProof() && q.Proof == mailer.ProofNone {
		v.Proof = n.proofWay()
	}
	return v
}

// Ask is what the holder of a link asks for.
type Ask struct {
	Kind   mailer.RequestKind
	Words  string            // theirs, as they typed them; "" for none
	Wanted map[string]string // of a rectification: the right value by field of mailer.CorrectedFields
}

// ErrNothingWanted says that a rectification names no value, or a question asks nothing.
var ErrNothingWanted = errors.New("nothing is said that could be put right or answered")

// Ask puts on record what the holder of a notice's link asks for, with its date (D9), once
// while one of its kind is open: what is written again is added to it. session is the cookie's
// value of somebody who has proved already who they are; "" for none. What only stops use is done
// at once; what shows or changes data waits for the proof. It gives ErrNoSuchLink where the
// right does not apply (R10), ErrNothingWanted and ErrTooLong where nothing was recorded.
func (r *Requests) Ask(ctx context.Context, token string, a Ask, session string) (RequestView, error) {
	n, reg, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return RequestView{}, err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() || a.Kind == mailer.RequestObjection || !slices.Contains(mailer.RequestKinds, a.Kind) || !applies(reg, a.Kind, []string{n.ActivityKey}) {
		return RequestView{}, mailer.ErrNoSuchLink
	}
	texts, err := a.texts()
	if err != nil {
		return RequestView{}, err
	}
	_, proved := r.session(session, n)
	_, current, err := r.Rights.Registers.Current(ctx, r.Rights.Key)
	if err != nil {
		return RequestView{}, err
	}
	now := r.Rights.Now()
	asked := mailer.Request{ContactID: n.Contact.ID, Kind: a.Kind, ActivityKey: activityOf(a.Kind, n.ActivityKey), Way: mailer.WayPage, ReceivedAt: now, DeliveryID: n.DeliveryID}
	mail := r.receipt(ctx, To{Contact: n.Contact.ID, Activity: n.ActivityKey, Address: n.IdentifierID}, mailer.DocRequestReceipt,
		mailer.Matter{Kind: a.Kind, At: now, Due: mailer.RequestDue(now, r.Company.Zone)})
	q, err := r.Store.OpenRequest(ctx, r.Rights.Controller, n.Contact.ID, n.DeliveryID, now, func(s Standing) (RequestChange, error) {
		c := r.taken(current, s, asked, "", mail)
		if len(texts) > 0 && !c.New {
			if s.Written+len(texts) > mostTexts {
				return RequestChange{}, ErrTooLong
			}
			c = r.event(c.Request, "asked_again", c.Request.State, "", string(asked.Way))
		}
		for _, t := range texts {
			c.say(t.What, "", t.Language, t.Body)
		}
		if proved && c.Request.Proof == mailer.ProofNone && c.Request.State.Open() {
			c = r.proved(current, c, s.Activities, mailer.ProofMailbox, "")
		}
		return c, nil
	})
	if err != nil {
		return RequestView{}, err
	}
	return r.viewOf(q, n), nil
}

// taken works out what becomes of something that is asked: a new request with what it stops
// at once, or more words to the one that is open.
func (r *Requests) taken(reg *mailer.Register, s Standing, q mailer.Request, by string, mail *mailer.PlannedDelivery) RequestChange {
	if open, there := s.open(q.Kind, q.ActivityKey); there {
		return RequestChange{Request: open}
	}
	if last, there := s.latest(q.Kind, q.ActivityKey); there && endsAtOnce(q.Kind) && s.stands(last.ID) {
		return RequestChange{Request: last}
	}
	c := r.opened(q, by)
	c.send(mail)
	if endsAtOnce(q.Kind) {
		c.Restrict = r.stopped(reg, c.Request, s.Activities)
		c.then(r, "use_stopped", mailer.RequestAnswered, "", "at_once")
		if mail != nil { // its receipt says so
			c.answer(mailer.Handing{DeliveryID: mail.ID, State: mailer.Queued}, mail)
		}
	}
	return c
}

// stands tells whether what a request stopped still is.
func (s Standing) stands(request mailer.ID) bool {
	return slices.ContainsFunc(s.Restrictions, func(x mailer.Restriction) bool { return x.RequestID == request && x.LiftAt.IsZero() })
}

// texts are the words of what is asked.
func (a Ask) texts() (out []RequestText, err error) {
	words, err := plainWords(a.Words, MostWords)
	if err != nil {
		return nil, err
	}
	if words != "" {
		out = append(out, RequestText{What: TextAsked, Body: words})
	}
	for _, field := range mailer.CorrectedFields {
		value, err := plainWords(a.Wanted[field], mostValue)
		if err != nil {
			return nil, err
		}
		if value != "" {
			out = append(out, RequestText{What: TextWanted, Body: field + ": " + value})
		}
	}
	if len(out) == 0 && (a.Kind == mailer.RequestRectification || a.Kind == mailer.RequestQuestion) {
		return nil, ErrNothingWanted
	}
	return out, nil
}

// mostTexts is how many pieces of writing are taken from a person by links, so that nobody fills
// the house with them.
const mostTexts = 50

// mostValue is how many characters a value may have that somebody has put right.
const mostValue = 300

// TakeBack ends what the holder of a link asked for by it, as withdrawn by the person. What was
// proved only somebody takes back who has proved who they are, or else whoever has the
// link could silence them: for others it gives ErrNotProved. It is no error where nothing is open.
func (r *Requests) TakeBack(ctx context.Context, token string, kind mailer.RequestKind, session string) error {
	n, _, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return err
	}
	stand, err := r.Store.RequestsOf(ctx, r.Rights.Controller, n.Contact.ID)
	if err != nil {
		return err
	}
	q, there := stand.open(kind, activityOf(kind, n.ActivityKey))
	if !there || kind == mailer.RequestObjection {
		return nil
	}
	_, proved := r.session(session, n)
	_, err = r.Store.ChangeRequest(ctx, r.Rights.Controller, q.ID, r.Rights.Now(), func(f RequestFile) (RequestChange, error) {
		switch {
		case !f.State.Open():
			return RequestChange{}, nil
		case f.Proof != mailer.ProofNone && !proved:
			return RequestChange{}, ErrNotProved
		}
		c := r.event(f.Request, "withdrawn", mailer.RequestWithdrawn, "", string(mailer.WayPage))
		c.lift(f, "the person", mailer.Handing{At: r.Rights.Now()}) // it is they who say so
		return c, nil
	})
	return err
}
