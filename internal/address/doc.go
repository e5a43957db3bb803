// Package address reads e-mail addresses as they come in contact files, and holds them in one form.
//
// [Parse] takes one address, bare or with a display name, and refuses everything else with a reason code: a second address,
// control and bidirectional characters, a domain that cannot exist, an address literal. What it accepts can be put into an
// envelope and a header without a further thought: it holds no line break and nothing invisible.
//
// [Address.Normal] is the form by which two addresses are the same. It folds the domain's case and its IDN form (bücher.example is
// xn--bcher-kva.example) and nothing else. The local part stays as it was written: its case may matter, and a tag after a plus sign
// may be another person. Who folds more sends one person's objection to another.
//
// Implemented: the mailbox of RFC 5321, section 4.1.2, with the lengths of section 4.5.3.1; the display name of RFC 5322,
// section 3.4, without comments and obsolete forms; non-ASCII local parts and domains of RFC 6531 and 6532, octets counted as
// UTF-8; A-labels of RFC 5890 by way of UTS #46; role names of RFC 2142 and common ones in the languages of Europe.
package address
