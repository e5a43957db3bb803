package rights

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"article14/internal/language"
	"article14/internal/memo"
	"article14/mailer"
)

// ErrNoMailbox says that a person has no mailbox of theirs that is alive: what is to be said
// to them goes by post or telephone, by hand.
var ErrNoMailbox = errors.New("the person has no e-mail address that can be written to: send them a letter, and put that on record")

// Correspondence writes to people about their rights. It needs no notice that was approved
// with the words: they are made on demand from the register in force, checked as a
// notice's are, and stored once as a content version of their own. It is safe for
// concurrent use.
type Correspondence struct {
	Store      CorrespondenceStore
	Registers  *mailer.Registers
	Composer   mailer.Composer
	Tokens     mailer.Tokens
	Controller mailer.ID
	Key        string // the controller's, as in the register
	Now        func() time.Time

	once     sync.Once
	contents *memo.Memo[contentKey, mailer.ContentVersion] // without the texts themselves
}

// To says to whom a mail goes.
type To struct {
	Contact mailer.ID
	// Activity is what it is about; "" for that of their newest notice, or else of what was
	// obtained last.
	Activity string
	// Address is one of their mail identifiers, that of the mailbox which is to be proved;
	// zero for that of their notice, if it is alive, or else their first that is.
	Address mailer.ID
}

// CorrespondenceStore keeps the texts of correspondence, and knows whom it goes to.
type CorrespondenceStore interface {
	// SaveContent stores a content version with its skeletons; the same hash again changes
	// nothing and gives the one that is there.
	SaveContent(ctx context.Context, controller mailer.ID, v mailer.ContentVersion, now time.Time) (mailer.ContentVersion, error)
	// Addressee gives what is known of a person, or ErrNoContact. The notice is the newest that they were
	// given or are about to be, of the activity if that is not "".
	Addressee(ctx context.Context, controller, contact mailer.ID, activity string, now time.Time) (Addressee, error)
}

// Addressee is somebody who is written to about their rights.
type Addressee struct {
	Contact    mailer.Contact
	Mailboxes  []mailer.Channel // in the order in which they were added
	Activities []string         // for which something was obtained, the latest first
	Notice     *GivenNotice     // nil: there is none
}

// GivenNotice is what a person's newest notice says about how they are written to.
type GivenNotice struct {
	Activity   string
	Languages  string
	RegisterID mailer.ID
	Identifier mailer.ID // the address that it went to, of whatever channel
}

// Plan makes a delivery for the express lane: the text rendered, checked and stored, the person's
// values drawn, and their address and languages chosen. Nothing is queued: whoever asks
// does it in the transaction of what the mail is about. It gives ErrNoMailbox where there
// is no address, and an error that says what to do where a text is missing (L2) or m lacks
// what the document needs.
//
// The six digits of a code are nowhere in what it gives: see [mailer.Tokens.ProofCode],
// with the key whose id is in Values under [mailer.SlotTokenKey].
func (c *Correspondence) Plan(ctx context.Context, to To, doc mailer.Document, m mailer.Matter) (*mailer.PlannedDelivery, error) {
	now := c.Now()
	a, err := c.Store.Addressee(ctx, c.Controller, to.Contact, to.Activity, now)
	if err != nil {
		return nil, err
	}
	box, err := a.mailbox(to.Address)
	if err != nil {
		return nil, err
	}
	b, err := c.basis(ctx, a, to.Activity)
	if err != nil {
		return nil, err
	}
	if doc == mailer.DocObjectLink && !b.reg.Objectable(b.activity) {
		return nil, mailer.ErrNoSuchLink // R10 gives no objection here
	}
	languages, rule, err := c.languages(b.reg, a, m)
	if err != nil {
		return nil, err
	}
	content, err := c.content(ctx, b, languages)
	if err != nil {
		return nil, err
	}
	key := mailer.SkeletonKey{Document: doc, Languages: languages}
	i := slices.IndexFunc(content.Skeletons, func(s mailer.Skeleton) bool { return s.Key == key })
	if i < 0 {
		return nil, fmt.Errorf("%q is no document of correspondence", doc)
	}
	d := &mailer.PlannedDelivery{ID: mailer.NewID(now), Document: doc, ContentID: content.ID, Identifier: box.ID, Domain: mailer.DomainOf(box.Value),
		Languages: languages, LanguageRule: rule, SkeletonHash: content.Skeletons[i].Hash, Code: mailer.NewCode(), DueAt: now}
	d.Values, err = c.Composer.Slots(b.reg, mailer.SlotInput{Key: key, Facts: mailer.NoticeFacts{Contact: a.Contact},
		ActivityKey: b.activity, Now: now, CreatedAt: now, Matter: &m})
	if err == nil && (doc == mailer.DocCode || doc == mailer.DocObjectLink) {
		d.Values[mailer.SlotTokenKey] = c.Tokens.Keys.Newest(mailer.TokenKey).ID
	}
	return d, err
}

// mailbox is where a person is written to. One that is dead proves nothing and reaches nobody.
func (a Addressee) mailbox(wanted mailer.ID) (mailer.Identifier, error) {
	var first, noticed *mailer.Identifier
	for _, box := range a.Mailboxes {
		id := box.Identifier
		if !wanted.IsZero() && id.ID != wanted || box.Suppressed {
			continue
		}
		if first == nil {
			first = &id
		}
		if a.Notice != nil && id.ID == a.Notice.Identifier {
			noticed = &id
		}
	}
	if box := cmp.Or(noticed, first); box != nil {
		return *box, nil
	}
	return mailer.Identifier{}, ErrNoMailbox
}

// basis is what the texts are made from.
type basis struct {
	version  mailer.RegisterVersion
	reg      *mailer.Register
	activity string
}

// basis is the register in force. Where an activity is not in it any more, it is the one
// that the person's notice was written from: what they were told about ended, and their
// rights did not.
func (c *Correspondence) basis(ctx context.Context, a Addressee, activity string) (b basis, err error) {
	b.activity = activity
	if a.Notice != nil {
		b.activity = cmp.Or(b.activity, a.Notice.Activity)
	}
	if len(a.Activities) > 0 {
		b.activity = cmp.Or(b.activity, a.Activities[0])
	}
	if b.version, b.reg, err = c.Registers.Current(ctx, c.Key); err != nil {
		return b, err
	}
	_, known := b.reg.Activity(b.activity)
	if known || a.Notice == nil || a.Notice.Activity != b.activity {
		if !known {
			err = fmt.Errorf("neither the register in force nor a notice of theirs has the activity %q: say which one it is about", b.activity)
		}
		return b, err
	}
	if b.version, err = c.Registers.Store.RegisterVersion(ctx, a.Notice.RegisterID); err == nil {
		b.reg, err = c.Registers.Read(b.version)
	}
	return b, err
}

// languages are that of the team's own words; else those of the person's notice; else
// what the rules give (L1, L3). A missing text is an error, and never another language (L2).
func (c *Correspondence) languages(reg *mailer.Register, a Addressee, m mailer.Matter) (languages, rule string, err error) {
	switch {
	case m.Language != "":
		languages, rule = m.Language, "as the answer"
	case a.Notice != nil:
		languages, rule = a.Notice.Languages, "as the notice"
	default:
		if languages, rule, err = c.chosen(reg, a.Contact); err != nil {
			return "", "", err
		}
	}
	var missing []string
	for _, l := range strings.Split(languages, "+") {
		if !slices.Contains(c.Composer.Languages(), l) {
			missing = append(missing, l)
		}
	}
	switch {
	case missing != nil:
		return "", "", fmt.Errorf("there are no texts in %s: answer them by hand in a language of theirs, or have the texts written (L2, docs/correspondence.md)", strings.Join(missing, ", "))
	case m.Text != "" && strings.Contains(languages, "+"):
		return "", "", fmt.Errorf("the person is written to in %s, and your words are in one of them: say in which", strings.ReplaceAll(languages, "+", ", "))
	}
	return languages, rule, nil
}

func (c *Correspondence) chosen(reg *mailer.Register, p mailer.Contact) (languages, rule string, err error) {
	available := func(l string) bool { return slices.Contains(c.Composer.Languages(), l) }
	choice, err := language.Choose(language.Input{Preference: p.Language, Country: p.Country, Region: p.Region, City: p.City, Postcode: p.PostalCode,
		Fallback: reg.Languages.UnknownCountry}, available)
	if err != nil {
		return "", "", fmt.Errorf("no rule gives the language to write to them in: say it with the request, or set languages.unknown_country in the register: %w", err)
	}
	return strings.Join(append(choice.Languages, choice.Missing...), "+"), string(choice.Rule) + ": " + choice.Why, nil
}

// contentKey is what the texts of correspondence depend on.
type contentKey struct {
	register  mailer.ID
	activity  string
	languages string
}

// contentsKept bounds the content versions that are kept at hand; their texts lie in the store.
const contentsKept = 256

// content renders every document of correspondence once for a register version, an activity and
// languages. Another process that does the same stores the same, and both get one version.
func (c *Correspondence) content(ctx context.Context, b basis, languages string) (mailer.ContentVersion, error) {
	c.once.Do(func() { c.contents = memo.New[contentKey, mailer.ContentVersion](contentsKept) })
	return c.contents.Get(contentKey{b.version.ID, b.activity, languages}, func() (mailer.ContentVersion, error) {
		var keys []mailer.SkeletonKey
		for _, doc := range mailer.Correspondences {
			if doc != mailer.DocObjectLink || b.reg.Objectable(b.activity) {
				keys = append(keys, mailer.SkeletonKey{Document: doc, Languages: languages})
			}
		}
		skeletons, err := c.Composer.Skeletons(b.reg, b.activity, keys)
		if err != nil {
			return mailer.ContentVersion{}, fmt.Errorf("write what goes to people about their rights: %w", err)
		}
		now := c.Now()
		v := mailer.ContentVersion{ID: mailer.NewID(now), Hash: correspondenceHash(b, skeletons), ActivityKey: b.activity,
			RegisterVersionID: b.version.ID, Skeletons: skeletons}
		v, err = c.Store.SaveContent(ctx, c.Controller, v, now)
		v.Skeletons = slices.Clone(v.Skeletons)
		for i := range v.Skeletons {
			v.Skeletons[i].Body = nil
		}
		return v, err
	})
}

// correspondenceHash has the activity, too: two may have the same texts, and a content
// version is of one.
func correspondenceHash(b basis, skeletons []mailer.Skeleton) []byte {
	h := sha256.New()
	fmt.Fprintf(h, "correspondence|%x|%s\n", b.version.Hash, b.activity)
	for _, s := range skeletons {
		fmt.Fprintf(h, "%s|%s|%x\n", s.Key.Document, s.Key.Languages, s.Hash)
	}
	return h.Sum(nil)
}
