// Package hooks sends what recipients' systems are told, as Standard Webhooks 1.0.0
// (webhook-id, webhook-timestamp, webhook-signature).
//
// It goes to addresses that an operator has written into the recipients file ([ReadFile]), and
// yet trusts none of them: the name behind an address belongs to somebody else, who can point it
// anywhere. So what counts is the address that is dialled, when it is dialled, after the name was
// resolved ([net.Dialer.Control]); a name that answers differently a second time gains nothing.
// Private, loopback, link-local, shared, multicast, reserved and metadata addresses are refused
// in every form in which they can be written (also IPv4 within IPv6), unless the file allows their network.
//
// It speaks TLS unless the file allows a host without, goes through no proxy, follows no redirect, reads
// little of an answer and keeps nothing of it: what the recipient says back may hold personal data.
package hooks
