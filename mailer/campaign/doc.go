// Package campaign is the release of notices by a person: create, preview, test, approve,
// start, pause, resume, cancel.
//
// Read release.go first, then freeze.go (an approval binds a text and an audience, chunk by
// chunk), canary.go (how a campaign begins, and how many people a day it tells) and class.go
// (domains that are limited together). Whom a campaign tells, and how, package plan decides;
// whether the register says enough, package complete.
package campaign
