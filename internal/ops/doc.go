// Package ops is what operators look at: metrics, health and readiness.
//
// The figures of the backlog come from the store's counters, so that a look
// costs the same at any size; they carry the instant as of which they hold. What
// happens on the wire is counted where it happens, through [Meter]. No label ever
// holds an address, a domain, a contact or a campaign: label sets are bounded.
//
// Names follow Prometheus: a prefix, base units, _total on counters.
package ops
