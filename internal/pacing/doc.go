// Package pacing shares a pace between two streams of people: those who can still
// be told on time, and the backlog (docs/rules.md D7). NeedOf says how much of a
// pace the former need, Share divides a claim by it, and Simulate plays both
// through, day by day, as the worker would. Load, Spent and Standing say what a relay
// bears, what it may be given, and when it refuses us. It is arithmetic: no clock, no store.
//
// docs/operations.md says what it means to those who run it.
package pacing
