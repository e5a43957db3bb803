package rights

import (
	"context"
	"crypto/subtle"
	"slices"
	"time"

	"article14/mailer"
)

// proofWay is how the holder of the link of a notice can prove that it is theirs. A mailbox
// proves something only if it is one person's; a letter does to whoever has it in hand.
func (n SentNotice) proofWay() ProofWay {
	i := slices.IndexFunc(n.Identifiers, func(id mailer.Identifier) bool { return id.ID == n.IdentifierID })
	switch {
	case i < 0:
		return ByTeam
	case n.Identifiers[i].Kind == mailer.ByPostal && n.handedOver():
		return ByLetter
	case n.Identifiers[i].Kind == mailer.ByEmail && !n.Shared:
		return ByMailbox
	}
	return ByTeam
}

func (n SentNotice) handedOver() bool {
	return slices.Contains([]mailer.DeliveryState{mailer.Relayed, mailer.Delivered, mailer.Complained}, n.State)
}

// SendCode has a code sent to where the notice went (R4), for the open request of a kind. What
// it gives says only in which way this link is proved: whether there is such a request, whether the
// address lives, and whether too many codes were sent lately, it tells nobody. A new code ends the
// one before it.
func (r *Requests) SendCode(ctx context.Context, token string, kind mailer.RequestKind) (ProofWay, error) {
	n, _, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return "", err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return "", mailer.ErrNoSuchLink
	}
	way := n.proofWay()
	stand, err := r.Store.RequestsOf(ctx, r.Rights.Controller, n.Contact.ID)
	if err != nil || way != ByMailbox {
		return way, err
	}
	// It is planned whether or not it will go, so that both take as long.
	mail := r.receipt(ctx, To{Contact: n.Contact.ID, Activity: n.ActivityKey, Address: n.IdentifierID}, mailer.DocCode, mailer.Matter{})
	q, there := stand.latest(kind, activityOf(kind, n.ActivityKey))
	if !there {
		return way, nil
	}
	_, err = r.Store.ChangeRequest(ctx, r.Rights.Controller, q.ID, r.Rights.Now(), func(f RequestFile) (RequestChange, error) {
		return r.coded(f, mail), nil
	})
	return way, err
}

// coded has a code go, unless nobody waits for it, or so many went that guessing would pay.
func (r *Requests) coded(f RequestFile, mail *mailer.PlannedDelivery) RequestChange {
	if !f.State.Open() || !f.Kind.NeedsProof() || f.Shared || mail == nil || f.CodesLately >= codesInTime || f.CodesSent >= codesAtAll {
		return RequestChange{}
	}
	now := r.Rights.Now()
	c := r.event(f.Request, "code_sent", f.State, "", "")
	c.send(mail)
	c.Code = &ProofCode{ContactID: f.ContactID, RequestID: f.ID, DeliveryID: mail.ID, KeyID: mail.Values[mailer.SlotTokenKey], MadeAt: now, ExpiresAt: now.Add(codeTime), TriesLeft: codeTries}
	return c
}

// Prove compares what the holder of a link typed with the code that was sent to the mailbox, or
// that stands in the letter which they had (R4). Each try is counted before it is compared. With the
// right one the request is proved, and it gives the value of a session's cookie, which lasts
// mailer.SessionTime. Everything else is ErrNotProved: a wrong code, one that is over or was used, a
// sixth try, no request.
func (r *Requests) Prove(ctx context.Context, token string, kind mailer.RequestKind, typed string) (session string, err error) {
	n, _, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return "", err
	}
	if !n.ErasedAt.IsZero() || !n.Contact.ErasedAt.IsZero() {
		return "", mailer.ErrNoSuchLink
	}
	stand, err := r.Store.RequestsOf(ctx, r.Rights.Controller, n.Contact.ID)
	if err != nil {
		return "", err
	}
	q, _ := stand.latest(kind, activityOf(kind, n.ActivityKey)) // none: tried all the same, in vain
	proof, err := r.try(ctx, n, q, typed)
	if err != nil {
		return "", err
	}
	_, current, err := r.Rights.Registers.Current(ctx, r.Rights.Key)
	if err != nil {
		return "", err
	}
	now := r.Rights.Now()
	_, err = r.Store.ChangeRequest(ctx, r.Rights.Controller, q.ID, now, func(f RequestFile) (RequestChange, error) {
		return r.matched(current, f, proof)
	})
	if err != nil {
		return "", err
	}
	return r.Rights.Tokens.MakeSession(mailer.Session{ContactID: n.Contact.ID, DeliveryID: n.DeliveryID, RequestID: q.ID, Until: now.Add(mailer.SessionTime).Truncate(time.Second)}), nil
}

// try counts a try, and compares.
func (r *Requests) try(ctx context.Context, n SentNotice, q mailer.Request, typed string) (mailer.Proof, error) {
	now := r.Rights.Now()
	if n.proofWay() == ByLetter {
		counted, err := r.Store.TryLetter(ctx, r.Rights.Controller, ProofCode{ContactID: n.Contact.ID, RequestID: q.ID, DeliveryID: n.DeliveryID, ExpiresAt: now.Add(codeTime), TriesLeft: codeTries}, now)
		code, _ := mailer.ReadCode(typed)
		if same := subtle.ConstantTimeCompare([]byte(code), []byte(n.Code)) == 1; err == nil && (!same || !counted) {
			err = ErrNotProved
		}
		return mailer.ProofLetterCode, err
	}
	c, err := r.Store.TryCode(ctx, r.Rights.Controller, n.Contact.ID, q.ID, now)
	// Without a code the digits of nothing are compared, so that it takes as long.
	if same := r.Rights.Tokens.CheckProofCode(c.DeliveryID, c.KeyID, typed); err == nil && (!same || c.DeliveryID.IsZero()) {
		err = ErrNotProved
	}
	return mailer.ProofMailbox, err
}

// matched works out what the right code comes to, and lets a code serve once.
func (r *Requests) matched(reg *mailer.Register, f RequestFile, proof mailer.Proof) (RequestChange, error) {
	if !f.State.Open() || proof == mailer.ProofMailbox && f.Shared {
		return RequestChange{}, ErrNotProved
	}
	if f.Proof != mailer.ProofNone { // proved before, and their session is over
		c := r.event(f.Request, "proved_again", f.State, "", string(proof))
		c.CodeUsed = true
		return c, nil
	}
	c := r.proved(reg, RequestChange{Request: f.Request, LookAt: firstLook(f.Request, r.Rights.Now())}, f.Activities, proof, "")
	c.CodeUsed = true
	return c, nil
}

// proved goes on with a change to where it is known who asks. Who wants to be erased is used
// no more from then on.
func (r *Requests) proved(reg *mailer.Register, c RequestChange, activities []string, proof mailer.Proof, by string) RequestChange {
	c.Request.Proof, c.Request.ProvedAt = proof, r.Rights.Now()
	to := mailer.RequestProved
	if c.Request.State == mailer.RequestInWork {
		to = mailer.RequestInWork
	}
	c.then(r, "proved", to, by, string(proof))
	if c.Request.Kind == mailer.RequestErasure {
		c.Restrict = r.stopped(reg, c.Request, activities)
		c.LookAt = r.Rights.Now() // what nothing speaks against is done at once
	}
	return c
}

// session gives the session behind a cookie's value, if it is of the holder of this notice.
func (r *Requests) session(value string, n SentNotice) (mailer.Session, bool) {
	s, err := r.Rights.Tokens.OpenSession(value, r.Rights.Now())
	return s, err == nil && s.ContactID == n.Contact.ID && s.DeliveryID == n.DeliveryID
}

// Proved is what somebody may see who has proved who they are: the whole of what they asked.
type Proved struct {
	Session mailer.Session
	Request mailer.Request
	Texts   []RequestText // theirs, and what the team wrote to them; not how the team knew them
	Refused mailer.Ground
}

// Open gives what a session may see. The link and the cookie must be of the same notice: with one of
// them alone, or with a session that is over, it is ErrNotProved.
func (r *Requests) Open(ctx context.Context, token, session string) (Proved, error) {
	n, _, err := r.Rights.open(ctx, token, mailer.TokenNotice)
	if err != nil {
		return Proved{}, err
	}
	s, ok := r.session(session, n)
	if !ok || !n.Contact.ErasedAt.IsZero() {
		return Proved{}, ErrNotProved
	}
	f, err := r.Store.RequestFile(ctx, r.Rights.Controller, s.RequestID)
	if err != nil {
		return Proved{}, err
	}
	if f.ContactID != n.Contact.ID || f.Proof == mailer.ProofNone {
		return Proved{}, ErrNotProved
	}
	texts := slices.DeleteFunc(f.Texts, func(t RequestText) bool { return t.What == TextProof })
	return Proved{Session: s, Request: f.Request, Texts: texts, Refused: f.Ground}, nil
}

// Shown puts on record that the holder of a session got their copy by the page, which answers
// a request for access or for portability. It is no error where that was so already.
func (r *Requests) Shown(ctx context.Context, s mailer.Session) error {
	_, err := r.Store.ChangeRequest(ctx, r.Rights.Controller, s.RequestID, r.Rights.Now(), func(f RequestFile) (RequestChange, error) {
		if !f.State.Open() || f.Kind != mailer.RequestAccess && f.Kind != mailer.RequestPortability {
			return RequestChange{}, nil
		}
		if f.Proof == mailer.ProofNone || f.ContactID != s.ContactID {
			return RequestChange{}, ErrNotProved
		}
		c := r.event(f.Request, "answered", mailer.RequestAnswered, "", string(mailer.WayPage))
		c.Request.Answer = mailer.Handing{At: r.Rights.Now()}
		return c, nil
	})
	return err
}
