// Package deliver is the worker: it claims deliveries, composes, puts each attempt on
// record, speaks to a relay and settles what came of it.
//
//	claim ──► jobs ──► writers ──► begin ──► ready ──► senders (a connection each) ──► settle
//	                   compose     on record before the wire is touched
//
// Read worker.go first, then writer.go, sender.go, conclude.go (what an attempt comes to),
// retry.go and journal.go (what a kill must not take along). What holds it back: breaker.go
// and seats.go (what the relay bears), quota.go (what it may be given), lanepace.go,
// standing.go (we are refused for what we are), instance.go (which copy of the database
// sends). house.go does what comes again and again, and chores.go what other rooms have it do:
// it knows none of them.
//
// No transaction is open while a relay is spoken to. Each claim ends in a state.
package deliver
