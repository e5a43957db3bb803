package compose

import (
	"article14/mailer"
)

// Head gives what a reader sees of a mail before opening it: who sent it, and its subject, as
// they were approved.
func (c *Composer) Head(s mailer.Skeleton) (mailer.MailHead, error) {
	p, err := c.ready(s)
	if err != nil {
		return mailer.MailHead{}, err
	}
	subject, err := parseProgram(p.Subject, plainPlace, func(slot string) bool { return slot == testSlot })
	if err != nil {
		return mailer.MailHead{}, err
	}
	f := c.filler(p, nil, mailer.Headers{})
	defer c.done(f)
	line, err := f.fill(nil, subject, false)
	return mailer.MailHead{From: p.Mail.From, FromName: p.Mail.FromName, Subject: string(line)}, err
}
