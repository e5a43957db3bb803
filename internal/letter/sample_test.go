package letter

import (
	"slices"
	"sync"
	"testing"
	"time"

	"article14/internal/compose"
	"article14/internal/register"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/byhand"
)

// noon is when the sample letters were composed.
var noon = time.Date(2026, 11, 21, 11, 0, 0, 0, time.UTC)

// bench has what a letter is made with.
type bench struct {
	printer  *Printer
	composer *compose.Composer
	register *mailer.Register
}

// newBench gives the one of all tests: reading the fonts takes longer than a letter.
func newBench(t testing.TB) *bench {
	t.Helper()
	b, err := theBench()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var theBench = sync.OnceValues(func() (*bench, error) {
	all, err := locales.New()
	if err != nil {
		return nil, err
	}
	c, err := compose.New(all)
	if err != nil {
		return nil, err
	}
	p, err := New(all)
	if err != nil {
		return nil, err
	}
	reg, _, err := register.Parse("sample register", register.Sample())
	return &bench{p, c, reg}, err
})

// letter is a notice of the sample register to a person by name, from all its sources.
func (b *bench) letter(t testing.TB, languages, name string) byhand.Letter {
	t.Helper()
	key := mailer.SkeletonKey{Document: mailer.DocNotice, Languages: languages, Form: b.form()}
	act := b.register.Activities[0].Key
	skeletons, err := b.composer.Skeletons(b.register, act, []mailer.SkeletonKey{key})
	if err != nil {
		t.Fatal(err)
	}
	obtained := noon.AddDate(0, 0, -18)
	facts := mailer.NoticeFacts{
		Contact: mailer.Contact{Name: name, Country: "FR", FirstObtainedAt: obtained},
		Duties:  []mailer.Duty{{Due: mailer.Due{At: noon.AddDate(0, 0, 12), Rule: mailer.DueMonth}}},
	}
	for _, s := range mailer.FormSources(key.Form) {
		facts.Acquisitions = append(facts.Acquisitions, mailer.Acquisition{SourceKey: s.Key, ObtainedAt: obtained, Basis: mailer.ObtainedFromRow,
			Page: "https://" + s.Key + ".example/in/elodie-berard-directrice-commerciale-et-marketing-region-auvergne-rhone-alpes-0123456789?trk=public_profile"})
	}
	slots, err := b.composer.Slots(b.register, mailer.SlotInput{Key: key, ActivityKey: act, Now: noon, CreatedAt: noon, Code: "K7M2-9QXT-4HBD", Facts: facts})
	if err != nil {
		t.Fatal(err)
	}
	text, err := b.composer.Letter(skeletons[0], slots, false)
	if err != nil {
		t.Fatal(err)
	}
	return byhand.Letter{Text: text, At: noon, To: mailer.PostalAddress{
		Recipient: []string{name}, Street: []string{"27 rue des Trois-Exemples"}, Postcode: "69002", Locality: "Lyon", Country: "FR"}}
}

// form names every source of the register.
func (b *bench) form() string {
	var keys []string
	for _, s := range b.register.Sources {
		keys = append(keys, s.Key)
	}
	slices.Sort(keys)
	form := ""
	for i, k := range keys {
		if i > 0 {
			form += "+"
		}
		form += k
	}
	return form
}
