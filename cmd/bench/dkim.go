package main

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	"article14/internal/dkim"
)

// signings are how (h) signs, with the kinds of key.
var signings = map[string][]func() (crypto.Signer, error){
	"":        nil,
	"ed25519": {newEd25519},
	"rsa":     {newRSA},
	"both":    {newRSA, newEd25519},
}

func newEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func newRSA() (crypto.Signer, error) { return rsa.GenerateKey(rand.Reader, 2048) }

// newSigner makes keys that are used once; nil where nothing is to be signed.
func newSigner(how string) (*dkim.Signer, error) {
	var keys []dkim.Key
	for i, make := range signings[how] {
		private, err := make()
		if err != nil {
			return nil, err
		}
		der, err := x509.MarshalPKCS8PrivateKey(private)
		if err != nil {
			return nil, err
		}
		k, err := dkim.ParseKey(fmt.Sprint("bench", i), time.Time{}, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
		if err != nil {
			return nil, err
		}
		keys = append(keys, k)
	}
	if keys == nil {
		return nil, nil
	}
	return dkim.NewSigner("", keys...)
}
