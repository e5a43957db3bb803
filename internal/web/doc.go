// Package web serves the product's pages: one server for its rooms, with limits
// on what a client may cost, and a log that tells nothing about anybody.
//
// Recipients and the team's machines do not come in by the same door. Metrics,
// health and readiness ([Config.Operations]) have a listener of their own by
// default, on the loopback interface: how many people are owed a notice, and how
// late, is for the controller to tell, and a probe must not queue behind a
// campaign's readers. With [Config.OperationsAddr] empty they share the public
// one, which is right behind a proxy that lets their paths through to nobody.
//
// The rooms are given as handlers: portal/ for recipients answers every path
// that nobody else asked for; further ones ([Config.Rooms]) stand beside it.
//
// The log has route patterns, never paths: the paths of the portal hold tokens.
// It has no client addresses either, which are personal data.
package web
