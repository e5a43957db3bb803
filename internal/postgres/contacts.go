package postgres

import (
	"context"

	"article14/mailer"
	"article14/mailer/status"
)

var _ status.ContactStore = (*Store)(nil)

// ContactReport gives everything about a contact (E6), or ErrNoContact.
func (s *Store) ContactReport(ctx context.Context, controller, contact mailer.ID) (r status.ContactReport, err error) {
	err = s.read(ctx, func(t tx) error {
		r, err = t.contactReport(ctx, controller, contact)
		return err
	})
	return r, err
}

func (t tx) contactReport(ctx context.Context, controller, contact mailer.ID) (r status.ContactReport, err error) {
	people, err := t.people(ctx, controller, []mailer.ID{contact})
	if err != nil {
		return r, err
	}
	p := people[contact]
	if p == nil {
		return r, mailer.ErrNoContact
	}
	r = status.ContactReport{Contact: p.contact, Identifiers: p.identifiers, Acquisitions: p.acquisitions, Duties: p.duties}
	if r.Deliveries, err = t.deliveryReports(ctx, contact); err != nil {
		return r, err
	}
	if r.Decisions, err = t.decisions(ctx, contact); err != nil {
		return r, err
	}
	var objections []objectionRow
	if err := t.all(ctx, &objections, "contact_objections", contact); err != nil {
		return r, err
	}
	for _, o := range objections {
		r.Objections = append(r.Objections, o.objection())
	}
	if err := t.excusesOf(ctx, contact, &r); err != nil {
		return r, err
	}
	if r.Answers, err = t.answers(ctx, "contact_answers", contact); err != nil {
		return r, err
	}
	if r.Disclosures, err = t.disclosures(ctx, contact); err != nil {
		return r, err
	}
	var requests []requestRow
	err = t.all(ctx, &requests, "contact_requests", contact)
	for _, q := range requests {
		r.Requests = append(r.Requests, q.request())
	}
	return r, err
}

// deliveryReports are a contact's deliveries with their attempts, the oldest first.
func (t tx) deliveryReports(ctx context.Context, contact mailer.ID) ([]status.DeliveryReport, error) {
	var deliveries []struct {
		ID           mailer.ID            `db:"id"`
		CampaignKey  string               `db:"campaign_key"`
		Document     mailer.Document      `db:"document"`
		State        mailer.DeliveryState `db:"state"`
		Channel      mailer.ChannelKind   `db:"channel"`
		Languages    string               `db:"languages"`
		LanguageRule string               `db:"language_rule"`
		Form         string               `db:"form"`
		DueAt        instant              `db:"due_at"`
		SHA256       []byte               `db:"sha256"`
		ComposedAt   instant              `db:"composed_at"`
	}
	if err := t.all(ctx, &deliveries, "contact_deliveries", contact); err != nil {
		return nil, err
	}
	attempts, err := t.attemptReports(ctx, contact)
	if err != nil {
		return nil, err
	}
	reports, err := t.reportEntries(ctx, contact)
	if err != nil {
		return nil, err
	}
	var out []status.DeliveryReport
	for _, d := range deliveries {
		out = append(out, status.DeliveryReport{
			ID: d.ID, CampaignKey: d.CampaignKey, Document: d.Document, Channel: d.Channel, State: d.State, Languages: d.Languages, LanguageRule: d.LanguageRule,
			Form: d.Form, DueAt: d.DueAt.Time, SHA256: d.SHA256, ComposedAt: d.ComposedAt.Time, Attempts: attempts[d.ID], Reports: reports[d.ID],
		})
	}
	return out, nil
}

// attemptReports are a contact's attempts by delivery, in their order.
func (t tx) attemptReports(ctx context.Context, contact mailer.ID) (map[mailer.ID][]status.AttemptReport, error) {
	var rows []struct {
		DeliveryID mailer.ID            `db:"delivery_id"`
		Number     int                  `db:"number"`
		Relay      string               `db:"relay"`
		BegunAt    instant              `db:"begun_at"`
		EndedAt    instant              `db:"ended_at"`
		Outcome    mailer.DeliveryState `db:"outcome"`
		Stage      mailer.Stage         `db:"stage"`
		Code       int                  `db:"code"`
		Enhanced   string               `db:"enhanced"`
		Reply      string               `db:"reply"`
	}
	err := t.all(ctx, &rows, "contact_attempts", contact)
	out := map[mailer.ID][]status.AttemptReport{}
	for _, r := range rows {
		out[r.DeliveryID] = append(out[r.DeliveryID], status.AttemptReport{
			Number: r.Number, Relay: r.Relay, BegunAt: r.BegunAt.Time, EndedAt: r.EndedAt.Time, Outcome: r.Outcome, Stage: r.Stage,
			Reply: mailer.Reply{Code: r.Code, Enhanced: r.Enhanced, Text: r.Reply},
		})
	}
	return out, err
}
