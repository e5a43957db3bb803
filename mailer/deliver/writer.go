package deliver

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"article14/mailer"
)

// letter is a delivery that is composed and on record, and waits for a connection.
type letter struct {
	mailer.Job
	message mailer.Message
	attempt mailer.Attempt
}

// writer composes jobs and gives them to be put on record. It writes ahead of the
// senders, so that a connection never waits for the database, and one commit
// serves many attempts.
//
// A worker that stops gives back what is begun and not yet on the wire. Of one that
// is killed the journal tells what that is, and how what was sent and not yet settled has
// ended; uncertain is one letter for each connection at most. Without a journal all of
// it ends uncertain: Options.Ahead that were begun, as many that were sent, and
// three for each connection.
func (r *run) writer(ctx context.Context) {
	var left []mailer.Job
	for j := range r.jobs {
		if ctx.Err() != nil {
			left = append(left, j)
			continue
		}
		if !r.lanes.open(j.Lane) {
			r.release([]mailer.Job{j})
			continue
		}
		r.write(ctx, j)
	}
	r.release(left)
}

func (r *run) write(ctx context.Context, j mailer.Job) {
	reg, body, err := r.material(ctx, j)
	if err != nil { // the store's trouble, and nobody's fault
		r.complain(ctx, "load an approved text", err)
		r.release([]mailer.Job{j})
		r.pause(ctx, r.opt.Idle)
		return
	}
	msg, rec, err := r.compose(j, reg, body)
	if err != nil {
		r.cannotCompose(j, err)
		return
	}
	r.begins.in <- letter{j, msg, mailer.Attempt{ID: mailer.NewID(r.Now()), ContactID: j.ContactID, DeliveryID: j.DeliveryID, ClaimID: j.ClaimID,
		Number: j.Attempts + 1, Relay: r.Relay.Name(), BegunAt: r.Now(), Message: rec}}
}

// material is what a notice is made from: the register behind its content, and
// the approved skeleton.
func (r *run) material(ctx context.Context, j mailer.Job) (*mailer.Register, []byte, error) {
	reg, err := r.Registers.Version(ctx, j.RegisterID)
	if err != nil {
		return nil, nil, err
	}
	body, err := r.Skeletons.Skeleton(ctx, j.SkeletonHash)
	return reg, body, err
}

// compose makes the bytes: on a first attempt from today's values, later from
// those that went out before, so that they are the same (E1). Other bytes under
// the same Message-ID would be another notice, and are refused.
func (r *run) compose(j mailer.Job, reg *mailer.Register, body []byte) (mailer.Message, *mailer.MessageRecord, error) {
	var err error
	slots, date := j.Slots, j.ComposedAt
	if slots == nil {
		date = r.Now().Truncate(time.Second)
		if slots, err = r.values(j, reg, date); err != nil {
			return mailer.Message{}, nil, err
		}
	}
	h := mailer.Headers{DeliveryID: j.DeliveryID, To: j.To, Date: date,
		EnvelopeFrom: r.Tokens.EnvelopeFrom(j.DeliveryID, reg.Controller.Mail.BounceDomain)}
	if h.AnswerTo, err = r.Tokens.AnswerTo(j.DeliveryID, reg.Controller.Mail.AnswerDomain, slots, j.Slots != nil); err != nil {
		return mailer.Message{}, nil, err
	}
	switch j.Document {
	case mailer.DocNotice, mailer.DocObjectLink:
		h.Tokens, err = r.Tokens.NoticeOf(slots, j)
	case mailer.DocCode:
		h.ProofCode, slots[mailer.SlotTokenKey], err = r.Tokens.ProofCode(j.DeliveryID, slots[mailer.SlotTokenKey])
	}
	if err != nil {
		return mailer.Message{}, nil, err
	}
	msg, err := r.Composer.Compose(mailer.Skeleton{Hash: j.SkeletonHash, Body: body}, slots, h)
	if err != nil {
		return mailer.Message{}, nil, err
	}
	if j.Slots == nil {
		return msg, &mailer.MessageRecord{SHA256: msg.SHA256, Size: len(msg.Bytes), ComposedAt: date, Slots: slots}, nil
	}
	if !slices.Equal(msg.SHA256, j.SHA256) {
		return mailer.Message{}, nil, errors.New("the bytes differ from those of the first attempt")
	}
	return msg, nil, nil
}

// values are what a first attempt puts in: those that correspondence was planned with, and
// else today's.
func (r *run) values(j mailer.Job, reg *mailer.Register, date time.Time) (mailer.Slots, error) {
	if j.Values != nil {
		return maps.Clone(j.Values), nil
	}
	return r.Composer.Slots(reg, mailer.SlotInput{
		Key:         mailer.SkeletonKey{Document: j.Document, Languages: j.Languages, Form: j.Form},
		Facts:       j.Facts,
		ActivityKey: j.ActivityKey,
		Now:         date,
		CreatedAt:   j.CreatedAt,
		Code:        j.Code,
	})
}

// leaseLeft is the part of a lease that a beginning must have before it, so that
// the claim outlives what the relay may take for its answer to the final dot.
const leaseLeft = 2.0 / 3

// flushBegins puts attempts on record, and hands over to the senders those whose
// claim still stands; of the others nothing may be sent.
func (r *run) flushBegins(batch []letter) {
	attempts := make([]mailer.Attempt, len(batch))
	for i, l := range batch {
		attempts[i] = l.attempt
	}
	var stands map[mailer.ID]bool
	r.store("the beginning of attempts", func(ctx context.Context) (err error) {
		stands, err = r.Queue.Begin(ctx, attempts, r.Now().Add(time.Duration(leaseLeft*float64(r.opt.Lease))))
		return err
	})
	for _, l := range batch {
		if stands[l.attempt.ID] {
			r.ready <- l
			continue
		}
		r.held.done(l.ClaimID)
		r.Meter.Fenced(1)
	}
}

// cannotCompose ends a delivery whose text cannot be made (C8): nothing goes out,
// a person is alerted, and the duty says why.
func (r *run) cannotCompose(j mailer.Job, err error) {
	end := j.Settlement(mailer.Rejected, mailer.ClassRefused, r.Now())
	if j.Document == mailer.DocNotice {
		end.Duty, end.DutyReason = mailer.DutyFailed, mailer.BlockRefused
	}
	if errors.Is(err, mailer.ErrStorageEnded) { // between planning and sending: deleted, not notified (T3)
		end.DutyReason = mailer.BlockExpired
		r.settles.in <- end
		return
	}
	r.Log.Error("a notice cannot be composed", "delivery", j.DeliveryID, "error", mailer.MaskAddresses(err.Error()))
	end.Alert = &mailer.Alert{Kind: mailer.AlertCannotCompose, Subject: j.DeliveryID.String(), Detail: fmt.Sprintf("%s %s %s", j.Document, j.Languages, j.Form)}
	r.settles.in <- end
}
