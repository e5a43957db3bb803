package address

// Reason says why a text is not an address that can be used. The set is closed, so that it can label a metric.
type Reason string

// The reasons.
const (
	Empty      Reason = "address_empty"
	Encoding   Reason = "address_encoding"    // not UTF-8, or damaged by an earlier conversion
	Control    Reason = "address_control"     // a line break, NUL or other control character, or an invisible or bidirectional one
	Several    Reason = "address_several"     // more than one address
	Syntax     Reason = "address_syntax"      // no address by RFC 5321
	LocalPart  Reason = "address_local_part"  // before the @: a character or a form that is not allowed
	Domain     Reason = "address_domain"      // after the @: no valid domain name
	SingleName Reason = "address_single_name" // a domain of one label, which no mail from outside reaches
	Literal    Reason = "address_literal"     // an IP address in place of a domain
	TooLong    Reason = "address_too_long"    // over 64 octets before the @, or over 254 in all
)

// Error says why [Parse] refused a text. It holds nothing of the text.
type Error struct {
	Reason Reason
}

func (e *Error) Error() string { return "address: " + string(e.Reason) + ": " + explanations[e.Reason] }

var explanations = map[Reason]string{
	Empty:      "there is no address; leave the contact without one or give it one",
	Encoding:   "the text is not valid UTF-8; name the file's encoding",
	Control:    "it has a line break or another control, invisible or bidirectional character; remove it at the source",
	Several:    "it has more than one address; give one in each field",
	Syntax:     "it is not of the form local-part@domain; correct it at the source",
	LocalPart:  "the part before the @ is not valid; correct it at the source",
	Domain:     "the domain is not a valid name; correct it at the source",
	SingleName: "the domain has no dot, and cannot be reached from outside; give the full domain",
	Literal:    "it names an IP address in place of a domain; give the domain",
	TooLong:    "it is longer than an address can be (64 octets before the @, 254 in all); correct it at the source",
}

func refuse(reason Reason) (Address, error) { return Address{}, &Error{reason} }
