// Package templates holds the frames of mails and pages, built into the
// program. What stands in them is written elsewhere: locales has the texts.
package templates

import "embed"

// Mail holds the frames of mails, in mail/.
//
//go:embed mail
var Mail embed.FS
