package campaign

import (
	"context"
	"fmt"
	"time"

	"article14/mailer"
	"article14/mailer/byhand"
)

// PreviewMail is one full notice as it would go out, for an invented person: no
// real one's data leave the store for a look at the text.
type PreviewMail struct {
	Key     mailer.SkeletonKey
	Message mailer.Message
	Letter  byhand.Letter // the same notice on paper; without a text where nobody writes letters
}

// Preview gives one notice for each languages and source form of a draft,
// addressed to the controller's own mailbox or, as a test, to somebody's own.
func (r *Releases) Preview(ctx context.Context, d Draft, to string, test bool) ([]PreviewMail, error) {
	if to == "" {
		to = d.Register.Controller.Mail.From
	}
	var out []PreviewMail
	for _, sk := range d.Content.Skeletons {
		if sk.Key.Document != mailer.DocNotice {
			continue
		}
		if _, needed := d.Audience.Notices[sk.Key]; !needed && len(d.Audience.Notices) > 0 {
			continue // rendered for the portal's language links only
		}
		mail, err := r.previewOne(d, sk, to, test)
		if err != nil {
			return nil, fmt.Errorf("preview %s %s: %w", sk.Key.Languages, sk.Key.Form, err)
		}
		out = append(out, mail)
	}
	return out, nil
}

func (r *Releases) previewOne(d Draft, sk mailer.Skeleton, to string, test bool) (PreviewMail, error) {
	now := r.Now()
	delivery, contact := mailer.NewID(now), mailer.NewID(now)
	slots, err := r.Composer.Slots(d.Register, mailer.SlotInput{
		Key:         sk.Key,
		Facts:       inventedFacts(d.Register, sk.Key, now),
		ActivityKey: d.Campaign.ActivityKey,
		Now:         now,
		Code:        mailer.NewCode(),
	})
	if err != nil {
		return PreviewMail{}, err
	}
	answerTo, err := r.Tokens.AnswerTo(delivery, d.Register.Controller.Mail.AnswerDomain, slots, false)
	if err != nil {
		return PreviewMail{}, err
	}
	msg, err := r.Composer.Compose(sk, slots, mailer.Headers{
		DeliveryID:   delivery,
		To:           to,
		AnswerTo:     answerTo,
		EnvelopeFrom: r.Tokens.EnvelopeFrom(delivery, d.Register.Controller.Mail.BounceDomain),
		Tokens:       r.Tokens.Notice(contact, delivery),
		Date:         now,
		Test:         test,
	})
	if err != nil || r.Letters == nil {
		return PreviewMail{Key: sk.Key, Message: msg}, err
	}
	text, err := r.Letters.Letter(sk, slots, test)
	return PreviewMail{Key: sk.Key, Message: msg, Letter: byhand.Letter{Text: text, To: inventedAddress(d.Register), At: now}}, err
}

const inventedName = "Alex Muster"

// inventedAddress is where nobody lives.
func inventedAddress(reg *mailer.Register) mailer.PostalAddress {
	return mailer.PostalAddress{Recipient: []string{inventedName}, Street: []string{"Example 1"}, Postcode: "00000", Locality: "Example", Country: reg.Controller.Country}
}

// inventedFacts is a person who does not exist, on time, from every source of the form.
func inventedFacts(reg *mailer.Register, key mailer.SkeletonKey, now time.Time) mailer.NoticeFacts {
	obtained := now.AddDate(0, 0, -10)
	facts := mailer.NoticeFacts{Contact: mailer.Contact{
		ID: mailer.NewID(now), Name: inventedName, Country: reg.Controller.Country, FirstObtainedAt: obtained,
	}}
	for _, source := range mailer.FormSources(key.Form) {
		facts.Acquisitions = append(facts.Acquisitions, mailer.Acquisition{
			SourceKey: source.Key, ObtainedAt: obtained, Basis: mailer.ObtainedFromRow, Page: "https://profile.example/alex-muster", Visibility: mailer.VisiblePublic,
		})
	}
	due := mailer.DueFor(mailer.DueInputs{ObtainedAt: obtained, Basis: mailer.ObtainedFromRow}, reg.Controller.Zone)
	facts.Duties = []mailer.Duty{{SourceKey: facts.Acquisitions[0].SourceKey, Due: due, State: mailer.DutyOpen}}
	return facts
}
