package compose

import (
	"fmt"
	"testing"
	"time"

	"article14/mailer"
)

// crowd is a few hundred people as a worker gets them: of several names and
// countries, with data from one source or two, on time and late, each with tokens
// to be made.
type crowd struct {
	composer  *Composer
	register  *mailer.Register
	tokens    mailer.Tokens
	people    []mailer.SlotInput
	headers   []mailer.Headers
	skeletons map[mailer.SkeletonKey]mailer.Skeleton
}

func newCrowd(b *testing.B) *crowd {
	b.Helper()
	c := &crowd{composer: newComposer(b), register: sampleRegister(b), tokens: mailer.Tokens{Keys: mailer.NewKeyring()}, skeletons: map[mailer.SkeletonKey]mailer.Skeleton{}}
	names := []string{"Élodie Bérard", "Jörg Köhler", "Harriet Ashworth", "Imogen O'Neill", "Jean-Noël d'Aubigné", "Ursula von der Heide", "J.R. Smith", ""}
	places := []struct{ country, language string }{{"FR", "fr"}, {"DE", "de"}, {"GB", "en"}, {"AT", "de"}, {"IE", "en"}}
	for i := range 400 {
		place := places[i%len(places)]
		key := notice(place.language, []string{"linkedin", "whois", "linkedin+whois"}[i%3])
		if _, known := c.skeletons[key]; !known {
			c.skeletons[key] = skeletonOf(b, c.composer, key)
		}
		in := sampleInput(key)
		in.Facts.Contact.ID, in.Facts.Contact.Name, in.Facts.Contact.Country = mailer.NewID(noon), names[i%len(names)], place.country
		in.Facts.Contact.FirstObtainedAt = noon.Add(-time.Duration(i) * 17 * time.Hour)
		for j := range in.Facts.Acquisitions {
			in.Facts.Acquisitions[j].ObtainedAt = in.Facts.Contact.FirstObtainedAt
			in.Facts.Acquisitions[j].Page = fmt.Sprintf("https://www.linkedin.example/in/person-%d", i)
		}
		in.Facts.Duties[0].Due.At = in.Facts.Contact.FirstObtainedAt.AddDate(0, 1, 0)
		h := sampleHeaders()
		h.DeliveryID, h.To = mailer.NewID(noon), fmt.Sprintf("person.%d@example.org", i)
		c.people, c.headers = append(c.people, in), append(c.headers, h)
	}
	return c
}

// slots draws the values of the i-th.
func (c *crowd) slots(b *testing.B, i int) mailer.Slots {
	slots, err := c.composer.Slots(c.register, c.people[i])
	if err != nil {
		b.Fatal(err)
	}
	return slots
}

func (c *crowd) compose(b *testing.B, i int, slots mailer.Slots) {
	h := c.headers[i]
	h.EnvelopeFrom = c.tokens.EnvelopeFrom(h.DeliveryID, "bounce.nordlicht.example")
	h.Tokens = c.tokens.Notice(c.people[i].Facts.Contact.ID, h.DeliveryID)
	if _, err := c.composer.Compose(c.skeletons[c.people[i].Key], slots, h); err != nil {
		b.Fatal(err)
	}
}

// BenchmarkNotice is all that a worker does before a notice is put on record:
// tokens, values, and the message.
func BenchmarkNotice(b *testing.B) {
	c := newCrowd(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.compose(b, i%len(c.people), c.slots(b, i%len(c.people)))
	}
}

// BenchmarkSlots is the part of it that draws the values.
func BenchmarkSlots(b *testing.B) {
	c := newCrowd(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.slots(b, i%len(c.people))
	}
}

// BenchmarkCompose is the part of it that makes tokens and writes the message.
func BenchmarkCompose(b *testing.B) {
	c := newCrowd(b)
	var drawn []mailer.Slots
	for i := range c.people {
		drawn = append(drawn, c.slots(b, i))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c.compose(b, i%len(c.people), drawn[i%len(c.people)])
	}
}
