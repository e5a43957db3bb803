// Package status says where everybody stands: the figures that commands, pages and metrics
// show and what they ask a person to do (figures.go), when the backlog will be told
// (forecast.go), duties and alerts in lists, and one person's record (contact_report.go).
// It reads what all steps have written, and no step knows it.
package status
