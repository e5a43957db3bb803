// Package accept is the step from contact files to people and duties: who is who, what is
// refused and why, who was told before.
//
// Read importer.go first (a file, batch by batch, each one transaction with its position),
// then match.go and match_person.go (who is who, D5), match_told.go (14(5)(a)),
// match_doubt.go (S4). intake.go has the values that a file becomes, and what the store is
// asked for.
//
// Nothing is lost: each row read is accepted, merged, or refused with line and reason.
package accept
