// Package dkim signs messages, so that receivers can see that a notice is the
// company's own and was not changed on its way.
//
//	RFC 6376   the signature, relaxed canonicalisation of header and body
//	RFC 8301   RSA of 2048 bits and more, SHA-256 alone
//	RFC 8463   Ed25519
//	RFC 8058   the one-click fields (4) are covered
//
// A [Signer] has keys. Of those of one algorithm the one that began last signs;
// two algorithms give two signatures, since many receivers know RSA alone. What
// signs is decided by the message's own Date, and that is the signature's time as
// well: both algorithms are deterministic, so a second attempt has the same bytes,
// also after a new key has begun, as long as the old one is named.
//
// It is pure: no clock, no DNS, no file.
package dkim
