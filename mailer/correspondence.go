package mailer

import "time"

// Correspondence is what we write to a person about their rights (Art. 12(3), 12(4), 18(3),
// 19). It goes in the express lane, and discharges no duty.
const (
	DocCode             Document = "code"              // six digits that prove control of a mailbox (R4)
	DocRequestReceipt   Document = "request_receipt"   // what was asked, and by when it is answered (D9)
	DocExtension        Document = "extension"         // two more months, with reasons (Art. 12(3))
	DocAnswer           Document = "answer"            // the team's own words
	DocRefusal          Document = "refusal"           // ground, reasons, complaint and court (Art. 12(4))
	DocRestrictionEnd   Document = "restriction_end"   // before use goes on (Art. 18(3))
	DocObjectLink       Document = "object_link"       // for somebody who has no mail of ours at hand
	DocTakebackReceipt  Document = "takeback_receipt"  // an objection was taken back
	DocErasureReceipt   Document = "erasure_receipt"   // what goes, what stays and why
	DocWeighingReceipt  Document = "weighing_receipt"  // a weighed objection: use is stopped until it is decided
	DocObjectionReceipt Document = "objection_receipt" // an objection
	DocAccessReceipt    Document = "access_receipt"    // a request for access by a notice's link
)

// Correspondences lists them.
var Correspondences = []Document{DocCode, DocRequestReceipt, DocExtension, DocAnswer, DocRefusal, DocRestrictionEnd, DocObjectLink,
	DocTakebackReceipt, DocErasureReceipt, DocWeighingReceipt, DocObjectionReceipt, DocAccessReceipt}

// Ground is why a request is refused. The mail says it in plain words, with its article.
type Ground string

// Grounds of a refusal.
const (
	GroundUnfounded     Ground = "unfounded"      // 12(5): manifestly unfounded
	GroundExcessive     Ground = "excessive"      // 12(5): repeated, excessive
	GroundNotIdentified Ground = "not_identified" // 11(2), 12(6): we cannot tell who asks
	GroundOthersRights  Ground = "others_rights"  // 15(4): it would harm other people's rights
	GroundCorrect       Ground = "correct"        // 16: the data are right as they are
	GroundStillNeeded   Ground = "still_needed"   // 17(1): no case of it is given
	GroundExpression    Ground = "expression"     // 17(3)(a): freedom of expression and information
	GroundLegalDuty     Ground = "legal_duty"     // 17(3)(b): a law obliges us to keep them, or a public task
	GroundPublicHealth  Ground = "public_health"  // 17(3)(c)
	GroundArchive       Ground = "archive"        // 17(3)(d): archives, research, statistics
	GroundLegalClaims   Ground = "legal_claims"   // 17(3)(e), 18(2), 21(1): legal claims
	GroundOthersProtect Ground = "others_protect" // 18(2): to protect another person's rights, or the public
	GroundNoRestriction Ground = "no_restriction" // 18(1): no case of it is given
	GroundCompelling    Ground = "compelling"     // 21(1): compelling grounds that outweigh
	GroundNoSuchRight   Ground = "no_such_right"  // 7(3), 20(1), 21(1): the legal basis does not give it (R10)
)

// Grounds lists them.
var Grounds = []Ground{GroundUnfounded, GroundExcessive, GroundNotIdentified, GroundOthersRights, GroundCorrect, GroundStillNeeded, GroundExpression,
	GroundLegalDuty, GroundPublicHealth, GroundArchive, GroundLegalClaims, GroundOthersProtect, GroundNoRestriction, GroundCompelling, GroundNoSuchRight}

// Kept is why something stays after an erasure.
type Kept string

// Reasons to keep something. The coded mark that stops us from taking the data in again,
// and the bare record that we told the person and did what they asked, always stay, and
// every erasure receipt says so.
const (
	KeptByLaw     Kept = "law"    // a law obliges us (17(3)(b))
	KeptForClaims Kept = "claims" // legal claims, also a legal hold (17(3)(e))
)

// Matter is what one piece of correspondence is about. What a document needs and does not
// find there is an error, before anything is queued:
//
//	code, object_link                     nothing
//	objection_receipt, takeback_receipt   At
//	access_receipt, weighing_receipt      At, Due
//	request_receipt                       Kind, At, Due
//	extension                             Kind, At, FirstDue, Due, Text (the reasons)
//	answer                                Kind, At, Text
//	refusal                               Kind, At, Ground, Text (the reasons)
//	restriction_end                       At (from when on their use was limited), Text (why it ends)
//	erasure_receipt                       At; Kept and Text (what it is) where more stays
type Matter struct {
	Kind     RequestKind
	At       time.Time // when it was asked, or objected, or taken back
	Due      time.Time // by when it is answered or decided
	FirstDue time.Time // of an extension: by when it was to be answered
	Ground   Ground
	Kept     []Kept
	// Text is the team's own words as plain text: paragraphs parted by empty lines, and
	// lists whose lines begin with "- ". At most MostText characters.
	Text string
	// Language is the one that Text is written in; "" where the person's notice has one
	// alone. The mail is then in that language.
	Language string
}

// MostText is how many characters the team's own words in a mail may have.
const MostText = 20_000
