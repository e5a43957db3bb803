package mailer

import (
	"encoding/json"
	"testing"
)

func TestASecondIdentityKeyIsRefused(t *testing.T) {
	ring := NewKeyring()
	ring.keys[IdentityKey] = append(ring.keys[IdentityKey], Key{ID: "b", Secret: newSecret()})
	b, err := json.Marshal(ring)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ReadKeyring(b); err == nil {
		t.Error("a ring with two identity keys was read")
	}
}
