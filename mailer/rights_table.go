package mailer

import "slices"

// Right is a right of a data subject, as a notice tells of it (14(2)(c) to (e)).
type Right string

// Rights.
const (
	RightAccess        Right = "access"        // Art. 15
	RightRectification Right = "rectification" // Art. 16
	RightErasure       Right = "erasure"       // Art. 17
	RightRestriction   Right = "restriction"   // Art. 18
	RightPortability   Right = "portability"   // Art. 20
	RightObjection     Right = "objection"     // Art. 21
	RightWithdrawal    Right = "withdrawal"    // Art. 7(3)
	RightComplaint     Right = "complaint"     // Art. 77
)

// RightInfo is a right that an activity gives.
type RightInfo struct {
	Right    Right
	Absolute bool     // objection: against direct marketing, not weighed (Art. 21(2)-(3))
	Purposes []string // keys of the purposes that it is about; nil: all that is done with the data
}

// rightRow says where a right applies.
type rightRow struct {
	right    Right
	absolute bool
	applies  func(Purpose) bool // nil: always
}

// rightsTable is R10: mail, page, header and check go by it, and nothing else
// does. Its order is that of the notice. Objection has two rows, because
// against direct marketing it is absolute and elsewhere it is weighed.
var rightsTable = []rightRow{
	{right: RightAccess},
	{right: RightRectification},
	{right: RightErasure},
	{right: RightRestriction},
	{right: RightPortability, applies: portable},
	{right: RightObjection, absolute: true, applies: func(p Purpose) bool { return p.DirectMarketing }},
	{right: RightObjection, applies: weighed},
	{right: RightWithdrawal, applies: func(p Purpose) bool { return p.Basis == Consent }},
	{right: RightComplaint},
}

// portable is Art. 20(1); the means are automated wherever this program runs.
func portable(p Purpose) bool { return p.Basis == Consent || p.Basis == Contract }

// weighed is Art. 21(1).
func weighed(p Purpose) bool {
	return !p.DirectMarketing && (p.Basis == PublicTask || p.Basis == LegitimateInterest)
}

// GivesRight tells whether an activity gives a right, by the same table.
func GivesRight(a Activity, right Right) bool {
	return slices.ContainsFunc(rightsTable, func(row rightRow) bool {
		return row.right == right && (row.applies == nil || slices.ContainsFunc(a.Purposes, row.applies))
	})
}

// RightsFor gives the rights that apply to an activity, in the order of the
// notice (R10). Where some purposes are direct marketing and others rest on a
// weighed ground, objection is there twice, the absolute one first.
func RightsFor(a Activity) []RightInfo {
	var rights []RightInfo
	for _, row := range rightsTable {
		if row.applies == nil {
			rights = append(rights, RightInfo{Right: row.right})
			continue
		}
		var purposes []string
		for _, p := range a.Purposes {
			if row.applies(p) {
				purposes = append(purposes, p.Key)
			}
		}
		if purposes != nil {
			rights = append(rights, RightInfo{Right: row.right, Absolute: row.absolute, Purposes: purposes})
		}
	}
	return rights
}

// Objectable tells whether an activity gives the right to object (R10); one that is not
// declared gives none.
func (reg *Register) Objectable(activity string) bool {
	a, _ := reg.Activity(activity)
	return GivesRight(a, RightObjection)
}
