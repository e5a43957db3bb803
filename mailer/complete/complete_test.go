package complete

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"article14/mailer"
	"article14/mailer/mailertest"
)

func TestACompleteRegisterHasNoFindings(t *testing.T) {
	if got := Check(mailertest.Register(), []string{"en", "fr", "de"}); len(got) != 0 {
		t.Errorf("findings in a complete register: %v", got)
	}
}

// without says, for every field of a register by its Go path, which key its
// loss is reported under; "" where it may be absent. A field that is not here
// fails the test: somebody has to say whether the law wants it.
var without = map[string]string{
	"Controller": "14.1.a", "Controller.Key": "14.1.a", "Controller.Name": "14.1.a", "Controller.Address": "14.1.a",
	"Controller.Email": "14.1.a", "Controller.Phone": "", "Controller.Country": "14.2.e", "Controller.Zone": "D10",
	"Controller.ZoneName": "", "Controller.Representative": "", "Controller.Representative.Name": "",
	"Controller.Representative.Address": "", "Controller.Representative.Email": "14.1.a", "Controller.Representative.Phone": "",
	"Controller.DPO": "14.1.b", "Controller.DPO.Name": "", "Controller.DPO.Address": "", "Controller.DPO.Email": "14.1.b",
	"Controller.DPO.Phone": "", "Controller.NotApplicable": "", "Controller.Mail": "14.2.c", "Controller.Mail.From": "14.1.a",
	"Controller.Mail.FromName": "14.1.a", "Controller.Mail.BounceDomain": "E3", "Controller.Mail.Links": "14.2.c",
	"Controller.Mail.ShownAs": "14.2.c", "Controller.Mail.AnswerDomain": "",

	"Languages": "", "Languages.UnknownCountry": "", "Waivers": "", "Waivers[0]": "", "Waivers[0].Words": "", "Waivers[0].Reason": "",

	"Sources": "14.2.f", "Sources[0]": "14.2.f", "Sources[0].Key": "14.2.f", "Sources[0].Names": "14.2.f", "Sources[0].Kind": "14.2.f",
	"Sources[0].Public": "", "Sources[0].URL": "", "Sources[0].Method": "14.2.f", "Sources[0].Unknown": "", "Sources[0].Unnamed": "",
	"Sources[0].Columns": "", "Sources[0].Columns.Fields": "14.2.f", "Sources[0].Columns.Visibility": "14.2.f",
	"Sources[0].DateFormat": "", "Sources[0].IgnoredLanguages": "",

	"Letters": "", "Letters.Enabled": "", "Letters.Window": "", "Letters.Size": "", "Letters.Sender": "", "Letters.Sender.Name": "",
	"Letters.Sender.Address": "", "Letters.Sender.Country": "", "Letters.LeadDays": "", "Calls": "",

	"Activities": "14.1.c", "Activities[].Key": "14.1.c", "Activities[].Names": "14.1.c", "Activities[].Holding": "14.1.d",
	"Activities[].Summary": "14.1.c", "Activities[].LateApology": "",
	"Activities[].Purposes": "14.1.c", "Activities[].Purposes[].Key": "14.1.c", "Activities[].Purposes[].Texts": "14.1.c",
	"Activities[].Purposes[].Basis": "14.1.c", "Activities[].Purposes[].DirectMarketing": "", "Activities[].Purposes[].Starts": "",
	"Activities[].Purposes[].Interest": "14.2.b", "Activities[].Purposes[].Balancing": "14.2.b",
	"Activities[].Purposes[].Balancing.Reference": "14.2.b", "Activities[].Purposes[].Balancing.Owner": "14.2.b",
	"Activities[].Purposes[].Balancing.Date": "14.2.b",
	"Activities[].Categories":                "14.1.d", "Activities[].Categories[].Key": "14.1.d", "Activities[].Categories[].Texts": "14.1.d",
	"Activities[].Recipients": "14.1.e", "Activities[0].Recipients[].Name": "14.1.e", "Activities[].Recipients[].Role": "",
	"Activities[].Recipients[].Activity": "14.1.e", "Activities[].Recipients[].Industry": "14.1.e",
	"Activities[].Recipients[].Sector": "14.1.e", "Activities[].Recipients[].Place": "14.1.e",
	"Activities[].Recipients[].Key": "", "Activities[].Recipients[].System": "", "Activities[].Recipients[].GetsAll": "", "Activities[].Recipients[].NotTold": "",
	"Activities[].Transfers": "14.1.f", "Activities[].Transfers[].To": "14.1.f", "Activities[].Transfers[].Country": "14.1.f",
	"Activities[].Transfers[].Mechanism": "14.1.f", "Activities[].Transfers[].Link": "14.1.f",
	"Activities[].Retention": "14.2.a", "Activities[].Retention.Period": "14.2.a", "Activities[].Retention.Event": "14.2.a",
	"Activities[].Retention.After": "14.2.a", "Activities[].Retention.Limit": "14.2.a",
	"Activities[].Automated": "14.2.g", "Activities[].Automated.Logic": "14.2.g", "Activities[].Automated.Significance": "14.2.g",
	"Activities[].Automated.Consequences": "14.2.g", "Activities[].NotApplicable": "14.2.g",
}

// several are the fields whose loss is more than one thing that is missing.
var several = []string{"Controller", "Controller.Mail", "Sources", "Sources[0]", "Activities", "Activities[]", "Activities[].Purposes[]",
	"Activities[].Categories[]", "Activities[].Transfers[]", "Activities[].Recipients", "Activities[].Recipients[]",
	"Activities[].Recipients[].Name", "Activities[].NotApplicable"}

func TestTheLossOfEachRequiredFieldIsFoundOnceUnderItsKeyC1(t *testing.T) {
	checked := 0
	eachField(reflect.TypeFor[mailer.Register](), reflect.ValueOf(mailertest.Register()).Elem(), "", func(path string, _ reflect.Value) {
		general := indexes.Replace(path)
		want, decided := without[path]
		if !decided {
			want, decided = without[general]
		}
		if slices.Contains(several, path) || slices.Contains(several, general) {
			return // its parts are lost one by one
		}
		if !decided {
			t.Errorf("%s: nothing says whether its loss is to be found", path)
			return
		}
		checked++
		reg := mailertest.Register()
		if !lose(reg, path) {
			return // it is empty in this activity
		}
		got := slices.DeleteFunc(Check(reg, nil), func(f Finding) bool { return f.Warning })
		switch {
		case want == "" && len(got) != 0:
			t.Errorf("%s may be absent, but: %v", path, got)
		case want != "" && len(got) != 1:
			t.Errorf("the loss of %s gives %d findings, not one: %v", path, len(got), got)
		case want != "" && got[0].Key != want:
			t.Errorf("the loss of %s is found as %+v, want key %s", path, got[0], want)
		}
	})
	if checked < 60 {
		t.Errorf("only %d fields were looked at", checked)
	}
}

var indexes = strings.NewReplacer("[0]", "[]", "[1]", "[]")

// eachField visits every field of a register by its Go path.
func eachField(typ reflect.Type, v reflect.Value, path string, visit func(string, reflect.Value)) {
	for i := range typ.NumField() {
		at := strings.TrimPrefix(path+"."+typ.Field(i).Name, ".")
		visitValue(v.Field(i), at, visit)
	}
}

func visitValue(v reflect.Value, path string, visit func(string, reflect.Value)) {
	visit(path, v)
	if v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct && v.Type().PkgPath() == reflect.TypeFor[mailer.Register]().PkgPath():
		eachField(v.Type(), v, path, visit)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Struct:
		for i := range v.Len() {
			visitValue(v.Index(i), fmt.Sprintf("%s[%d]", path, i), visit)
		}
	}
}

// lose empties the field at a path, and reports whether there was anything.
func lose(reg *mailer.Register, path string) bool {
	lost := false
	eachField(reflect.TypeFor[mailer.Register](), reflect.ValueOf(reg).Elem(), "", func(at string, v reflect.Value) {
		if at == path && !v.IsZero() {
			v.SetZero()
			lost = true
		}
	})
	return lost
}

// countTexts counts the texts of the complete register by its types.
func countTexts() int {
	n := 0
	eachField(reflect.TypeFor[mailer.Register](), reflect.ValueOf(mailertest.Register()).Elem(), "", func(_ string, v reflect.Value) {
		if v.Type() == reflect.TypeFor[mailer.Texts]() && !v.IsNil() {
			n++
		}
	})
	return n
}

func TestLettersAndCallsThatACategoryDoesNotNameAreWarnedAbout(t *testing.T) { // C1, 14.1.d
	text := func(key, en, fr string) mailer.Category {
		return mailer.Category{Key: key, Texts: mailer.Texts{"en": en, "fr": fr}}
	}
	for name, c := range map[string]struct {
		letters, calls bool
		categories     []mailer.Category
		want           string
	}{
		"mail alone":                           {false, false, []mailer.Category{text("contact", "your name and your e-mail address", "")}, ""},
		"an e-mail address is none":            {true, false, []mailer.Category{text("contact", "your name and your e-mail address", "votre adresse e-mail")}, "postal"},
		"both are missing":                     {true, true, []mailer.Category{text("contact", "your name", "votre nom")}, "postal phone"},
		"in a text":                            {true, true, []mailer.Category{text("contact", "your name, Postal address and telephone number", "")}, ""},
		"in another language":                  {true, true, []mailer.Category{text("a", "x", "votre adresse postale"), text("b", "x", "votre numéro de téléphone")}, ""},
		"by their keys":                        {true, true, []mailer.Category{text("postal_address", "οδός", ""), text("phone", "număr", "")}, ""},
		"another activity's number is no help": {false, true, []mailer.Category{text("contact", "your street", "")}, "phone"},
	} {
		reg := &mailer.Register{Letters: mailer.LetterRules{Enabled: c.letters}, Calls: c.calls, Activities: []mailer.Activity{{Key: "sales", Categories: c.categories}}}
		var got []string
		for _, f := range Check(reg, nil) {
			for about, words := range map[string]string{"postal": "letters are allowed", "phone": "calls are allowed"} {
				if strings.Contains(f.Message, words) {
					got = append(got, about)
					if !f.Warning || f.Path != "activities[0].categories" || f.Key != "14.1.d" {
						t.Errorf("%s: %+v", name, f)
					}
				}
			}
		}
		if said := strings.Join(got, " "); said != c.want {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}
