package portal

import (
	"encoding/json"
	"fmt"
	"html"
	"reflect"
	"strings"
	"testing"
	"time"

	"article14/internal/calendar"
	"article14/locales"
	"article14/mailer"
	"article14/mailer/access"
	"article14/mailer/gate"
)

// fullCopy has every field filled, each text with words that stand nowhere else.
func fullCopy(now time.Time) access.Copy {
	n := 0
	var fill func(v reflect.Value)
	fill = func(v reflect.Value) {
		switch x := v.Addr().Interface().(type) {
		case *time.Time:
			*x = now
			return
		case *mailer.ID:
			*x = mailer.NewID(now)
			return
		case *calendar.Date:
			*x = calendar.Date{Year: 2029, Month: 5, Day: 17}
			return
		}
		switch v.Kind() {
		case reflect.String:
			n++
			v.SetString(fmt.Sprintf("<i>word-%03d", n))
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int64:
			v.SetInt(4711)
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem())
		case reflect.Slice:
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			fill(v.Index(0))
		case reflect.Struct:
			for i := range v.NumField() {
				fill(v.Field(i))
			}
		}
	}
	var c access.Copy
	fill(reflect.ValueOf(&c).Elem())
	c.Zone, c.Language = "Europe/Paris", "en"
	c.Person.Identifiers[0].Kind, c.Activities[0].Rights[0].Right = mailer.ByEmail, mailer.RightObjection
	c.Person.Country, c.Person.Language, c.Activities[0].Transfers[0].Country = "FR", "de", "JP"
	c.Notices[0].Language, c.Notices[0].Texts[0].Language = "fr+de", "de"
	c.Notices[0].Texts[0].HTML = `<h2 id="de-whole">whole-of-it</h2>`
	return c
}

// TestThePageOfDataLeavesNothingOut holds the page against the file, text by text (R6).
func TestThePageOfDataLeavesNothingOut(t *testing.T) {
	h := newHouse(t)
	w := h.get(h.rights.notice()+"/data?l=en", "Cookie", "proof="+h.requests.session())
	wantStatus(t, w, 200)
	raw, err := json.Marshal(h.requests.copy)
	if err != nil {
		t.Fatal(err)
	}
	var file map[string]any
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	delete(file, "schema")
	seen := 0
	var look func(path string, v any)
	look = func(path string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, x := range v {
				look(path+"."+k, x)
			}
		case []any:
			for _, x := range v {
				look(path, x)
			}
		case string:
			if strings.HasPrefix(v, "<i>word-") {
				seen++
				if !strings.Contains(w.Body.String(), html.EscapeString(v)) {
					t.Errorf("%s is not on the page", path)
				}
			}
		}
	}
	look("", file)
	if seen < 60 {
		t.Fatalf("only %d texts were looked for", seen)
	}
	wantIn(t, w, "3 November 2026, 10:00", "17 May 2029", "4711", "Japan (JP)", "German", "whole-of-it", h.requests.copy.Person.ID.String())
	if strings.Contains(w.Body.String(), "<i>") {
		t.Error("a value is not escaped")
	}
}

func TestEveryCodeOfACopyHasWords(t *testing.T) { // R6
	codes := map[string][]string{
		"basis":      {string(mailer.Consent), string(mailer.Contract), string(mailer.LegalObligation), string(mailer.VitalInterests), string(mailer.PublicTask), string(mailer.LegitimateInterest)},
		"source":     {string(mailer.KindSocialNetwork), string(mailer.KindPublicRegistry), string(mailer.KindBroker), string(mailer.KindEvent), string(mailer.KindWebsite), string(mailer.KindCompany)},
		"mechanism":  {string(mailer.Adequacy), string(mailer.StandardClauses), string(mailer.BindingRules), string(mailer.Derogation), string(mailer.ExplicitConsent)},
		"known_from": {string(mailer.ObtainedFromRow), string(mailer.ObtainedFromStatement), string(mailer.ObtainedUnknown)},
		"visibility": {string(mailer.VisiblePublic), string(mailer.VisibleRestricted), string(mailer.VisibleUnknown)},
		"not_used":   {string(gate.Unknown), string(gate.NotHeld), string(gate.Erased), string(gate.Objected), string(gate.Restricted), string(gate.Expired), string(gate.Quarantined), string(gate.NotStarted), string(gate.NotInformed)},
		"use":        {string(gate.Communication), string(gate.Passing)},
		"scope":      {string(mailer.ObjectToAll)},
	}
	for _, k := range mailer.RequestKinds {
		codes["asked"] = append(codes["asked"], string(k))
	}
	for _, s := range []mailer.DeliveryState{mailer.Queued, mailer.Sending, mailer.Deferred, mailer.Relayed, mailer.Delivered, mailer.Rejected, mailer.Uncertain, mailer.Bounced, mailer.Complained, mailer.Suppressed, mailer.Cancelled} {
		codes["state"] = append(codes["state"], string(s))
	}
	for _, d := range []mailer.Document{mailer.DocNotice, mailer.DocCode, mailer.DocRequestReceipt, mailer.DocExtension, mailer.DocAnswer, mailer.DocRefusal, mailer.DocRestrictionEnd, mailer.DocObjectLink, mailer.DocTakebackReceipt, mailer.DocErasureReceipt, mailer.DocWeighingReceipt, mailer.DocObjectionReceipt, mailer.DocAccessReceipt} {
		codes["document"] = append(codes["document"], string(d))
	}
	bundle, err := locales.New()
	if err != nil {
		t.Fatal(err)
	}
	for group, all := range codes {
		for _, code := range all {
			if _, err := bundle.For("en").Text(wordKey(group, code), nil); err != nil {
				t.Error(err)
			}
		}
	}
}

func TestAForwardedLinkShowsNoData(t *testing.T) { // R4
	h := newHouse(t)
	h.press(h.rights.notice() + "/rights/access?l=en")
	before := h.get(h.rights.notice() + "/data?l=en")
	other := newFakeRights(h.now)
	other.tokens = h.rights.tokens
	foreign := newFakeRequests(other, h.requests.now).session()
	over := h.rights.tokens.MakeSession(mailer.Session{ContactID: h.rights.link.ContactID, DeliveryID: h.rights.link.DeliveryID, Until: h.now})
	for name, cookie := range map[string]string{
		"no cookie": "", "an empty one": "proof=", "rubbish": "proof=" + strings.Repeat("x", 5000), "another notice's": "proof=" + foreign, "one that is over": "proof=" + over,
		"the link's own token": "proof=" + h.rights.token(mailer.TokenNotice), "another name": "__Host-proof=" + h.requests.session(),
	} {
		t.Run(name, func(t *testing.T) {
			for _, path := range []string{"/data", "/data.json"} {
				w := h.get(h.rights.notice()+path+"?l=en", "Cookie", cookie)
				wantStatus(t, w, 403)
				if w.Body.String() != before.Body.String() {
					t.Errorf("the page differs from what everybody sees:\n%s", w.Body)
				}
				wantNotIn(t, w, "word-")
			}
		})
	}
	if h.requests.copies > 0 {
		t.Error("a copy was made")
	}
}

func TestTheFileIsTheCopyAndIsKeptNowhere(t *testing.T) { // R6, Art. 20
	h := newHouse(t)
	w := h.get(h.rights.notice()+"/data.json", "Cookie", "proof="+h.requests.session())
	wantStatus(t, w, 200)
	var got access.Copy
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !reflect.DeepEqual(got, h.requests.copy) {
		t.Errorf("%v: %s", err, w.Body)
	}
	for name, want := range map[string]string{"Content-Type": "application/json", "Content-Disposition": `attachment; filename="data.json"`, "Cache-Control": "no-store"} {
		if w.Header().Get(name) != want {
			t.Errorf("%s: %q", name, w.Header().Get(name))
		}
	}
}
