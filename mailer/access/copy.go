package access

import (
	"time"

	"article14/internal/calendar"
	"article14/mailer"
	"article14/mailer/gate"
)

// Schema names the form of a copy. It changes where a reader of the old form could be misled.
const Schema = "article14/copy/1"

// Copy is everything that is held about a person, as of an instant. Texts are in its language;
// words in small letters with underscores are codes, which docs/copy.schema.json explains.
type Copy struct {
	Schema     string       `json:"schema"`
	MadeAt     time.Time    `json:"made_at"`
	Language   string       `json:"language"`
	Zone       string       `json:"time_zone"` // in which dates are to be read; instants are in UTC
	Controller Controller   `json:"controller"`
	Person     Person       `json:"person"`
	Obtained   []Obtained   `json:"obtained"`
	Activities []Activity   `json:"activities"`
	Uses       []Use        `json:"uses"`
	Notices    []Notice     `json:"notices"`
	Told       []Told       `json:"told_before"`
	Objections []Objection  `json:"objections"`
	Requests   []Request    `json:"requests"`
	Letters    []FromPerson `json:"from_you"`
	Decisions  []Decision   `json:"decisions"`
}

// Controller is who holds the data (Art. 15(1), 13(1)(a) and (b)).
type Controller struct {
	Name           string `json:"name"`
	Address        string `json:"address"`
	Email          string `json:"email,omitempty"`
	Phone          string `json:"phone,omitempty"`
	Representative *Party `json:"representative,omitempty"`
	DPO            *Party `json:"data_protection_officer,omitempty"`
}

// Party is somebody else who can be written to.
type Party struct {
	Name    string `json:"name,omitempty"`
	Address string `json:"address,omitempty"`
	Email   string `json:"email,omitempty"`
	Phone   string `json:"phone,omitempty"`
}

// Person is every field held, as it stands now. A field that is empty is not held.
type Person struct {
	ID              mailer.ID    `json:"id"` // the one by which we keep them apart from others
	Name            string       `json:"name,omitempty"`
	Organisation    string       `json:"organisation,omitempty"`
	JobTitle        string       `json:"job_title,omitempty"`
	Country         string       `json:"country,omitempty"`
	Region          string       `json:"region,omitempty"`
	City            string       `json:"city,omitempty"`
	PostalCode      string       `json:"postal_code,omitempty"`
	Language        string       `json:"language,omitempty"`
	FirstObtainedAt *time.Time   `json:"first_obtained_at,omitempty"`
	Identifiers     []Identifier `json:"identifiers"`
}

// Identifier is an address, a number or another thing that a person is known by.
type Identifier struct {
	Kind  mailer.IdentifierKind `json:"kind"`
	Value string                `json:"value"`
}

// Obtained is one obtaining of their data (Art. 15(1)(g), S1 to S3).
type Obtained struct {
	Source     Source               `json:"source"`
	Activity   string               `json:"activity"`
	At         *time.Time           `json:"obtained_at,omitempty"` // left out: we have no record of the day
	Basis      mailer.ObtainedBasis `json:"obtained_known_from"`
	Page       string               `json:"page,omitempty"`
	Visibility mailer.Visibility    `json:"visibility"`
	File       string               `json:"file,omitempty"` // the file that we read them from
	Line       int64                `json:"line,omitempty"`
	ReadAt     *time.Time           `json:"read_at,omitempty"`
}

// Source is the actual place that data came from.
type Source struct {
	Key    string            `json:"key"`
	Name   string            `json:"name,omitempty"` // left out: the register no longer declares it
	Kind   mailer.SourceKind `json:"kind,omitempty"`
	Public *bool             `json:"public,omitempty"`
	URL    string            `json:"url,omitempty"`
	Method string            `json:"method,omitempty"`
}

// Activity is what their data are held for.
type Activity struct {
	Key         string         `json:"key"`
	Name        string         `json:"name,omitempty"`
	Purposes    []Purpose      `json:"purposes"`
	Categories  []string       `json:"categories"`
	Recipients  []Recipient    `json:"recipients"`
	Transfers   []Transfer     `json:"transfers"`
	StoredUntil *calendar.Date `json:"stored_until,omitempty"` // the day on which they are deleted (T2)
	Event       string         `json:"stored_until_event,omitempty"`
	Rights      []Right        `json:"rights"`
	Automated   *Automated     `json:"automated_decisions,omitempty"` // left out: there are none
}

// Purpose is one purpose with its own basis (C3).
type Purpose struct {
	Key             string       `json:"key"`
	Text            string       `json:"text"`
	Basis           mailer.Basis `json:"legal_basis"`
	Interest        string       `json:"interest,omitempty"`
	DirectMarketing bool         `json:"direct_marketing"`
	Allowed         bool         `json:"used_now"` // whether the gate lets their data be used for it
	Why             gate.Reason  `json:"not_used_because,omitempty"`
}

// Recipient is who gets, or may get, data of the activity; who got this person's stands in Uses.
type Recipient struct {
	Name     string `json:"name,omitempty"`
	Role     string `json:"role,omitempty"`
	Activity string `json:"activity,omitempty"`
	Industry string `json:"industry,omitempty"`
	Sector   string `json:"sector,omitempty"`
	Place    string `json:"place,omitempty"`
}

// Transfer is one to a third country (Art. 15(2)).
type Transfer struct {
	To        string           `json:"to"`
	Country   string           `json:"country"`
	Mechanism mailer.Mechanism `json:"mechanism"`
	Link      string           `json:"link,omitempty"`
}

// Right is a right that applies here, by R10's table.
type Right struct {
	Right    mailer.Right `json:"right"`
	Absolute bool         `json:"absolute,omitempty"`
	Purposes []string     `json:"purposes,omitempty"` // left out: all
}

// Automated is an automated decision (Art. 15(1)(h)).
type Automated struct {
	Logic        string `json:"logic"`
	Significance string `json:"significance"`
	Consequences string `json:"consequences"`
}

// Use is what was done with their data, of which there is a record (Art. 15(1)(c), C-154/21).
type Use struct {
	At        time.Time `json:"at"`
	Kind      gate.Kind `json:"kind"`
	Recipient string    `json:"recipient,omitempty"`
	Activity  string    `json:"activity"`
	Purpose   string    `json:"purpose"`
	Reference string    `json:"recipient_reference,omitempty"`
}

// Notice is a message that was sent to them, or that is on its way.
type Notice struct {
	ID       mailer.ID            `json:"id"`
	Document mailer.Document      `json:"document"`
	At       *time.Time           `json:"written_at,omitempty"`
	State    mailer.DeliveryState `json:"state"`
	Language string               `json:"languages"`
	Texts    []Text               `json:"texts,omitempty"` // of a notice: as it was sent
}

// Text is a notice in one language.
type Text struct {
	Language string `json:"language"`
	Title    string `json:"title"`
	HTML     string `json:"html"`
}

// Told is evidence that they were told before (14(5)(a)).
type Told struct {
	At    time.Time `json:"at"`
	Proof string    `json:"proof,omitempty"`
}

// Objection is a no of theirs (Art. 21).
type Objection struct {
	At       time.Time             `json:"at"`
	Activity string                `json:"activity"`
	Scope    mailer.ObjectionScope `json:"scope"`
	Way      mailer.Way            `json:"way"`
}

// Request is what they asked for (Art. 12(3)).
type Request struct {
	Kind  mailer.RequestKind `json:"kind"`
	Way   mailer.Way         `json:"way"`
	At    time.Time          `json:"received_at"`
	DueAt time.Time          `json:"answer_due_at"`
}

// FromPerson is what they wrote to us.
type FromPerson struct {
	At      time.Time `json:"received_at"`
	Subject string    `json:"subject,omitempty"`
	Text    string    `json:"text,omitempty"` // left out: its period is over
}

// Decision is what a person decided about them.
type Decision struct {
	At   time.Time `json:"at"`
	What string    `json:"what"`
	Why  string    `json:"why"`
}
