// Package plan says how each person is told, or why not yet: by which channel (route.go, E3),
// in which language, with which text (place.go). It changes nothing, so that counting an
// audience and freezing it are one decision.
//
// purpose.go opens what is owed anew when a register brings a purpose that people have not
// been told of (14(4)).
package plan
