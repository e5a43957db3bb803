package mailer

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestRightsFollowTheBasesOfThePurposesR10(t *testing.T) {
	always := func(more ...RightInfo) []RightInfo {
		list := []RightInfo{{Right: RightAccess}, {Right: RightRectification}, {Right: RightErasure}, {Right: RightRestriction}}
		return append(append(list, more...), RightInfo{Right: RightComplaint})
	}
	keys := []string{"p"}
	tests := map[string]struct {
		purposes []Purpose
		want     []RightInfo
	}{
		"without a purpose only those that always apply": {nil, always()},
		"consent can be withdrawn and gives portability": {[]Purpose{{Key: "p", Basis: Consent}},
			always(RightInfo{Right: RightPortability, Purposes: keys}, RightInfo{Right: RightWithdrawal, Purposes: keys})},
		"a contract gives portability": {[]Purpose{{Key: "p", Basis: Contract}},
			always(RightInfo{Right: RightPortability, Purposes: keys})},
		"a legal obligation gives no more":      {[]Purpose{{Key: "p", Basis: LegalObligation}}, always()},
		"a vital interest gives no more":        {[]Purpose{{Key: "p", Basis: VitalInterests}}, always()},
		"a public task can be objected to":      {[]Purpose{{Key: "p", Basis: PublicTask}}, always(RightInfo{Right: RightObjection, Purposes: keys})},
		"a legitimate interest, and is weighed": {[]Purpose{{Key: "p", Basis: LegitimateInterest}}, always(RightInfo{Right: RightObjection, Purposes: keys})},
		"against direct marketing objection is absolute": {[]Purpose{{Key: "p", Basis: LegitimateInterest, DirectMarketing: true}},
			always(RightInfo{Right: RightObjection, Absolute: true, Purposes: keys})},
		"and so it is where direct marketing rests on consent": {[]Purpose{{Key: "p", Basis: Consent, DirectMarketing: true}},
			always(RightInfo{Right: RightPortability, Purposes: keys}, RightInfo{Right: RightObjection, Absolute: true, Purposes: keys},
				RightInfo{Right: RightWithdrawal, Purposes: keys})},
		"with both kinds it is there twice, the absolute one first": {
			[]Purpose{{Key: "a", Basis: LegitimateInterest}, {Key: "b", Basis: LegitimateInterest, DirectMarketing: true}, {Key: "c", Basis: PublicTask}},
			always(RightInfo{Right: RightObjection, Absolute: true, Purposes: []string{"b"}},
				RightInfo{Right: RightObjection, Purposes: []string{"a", "c"}})},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, RightsFor(Activity{Purposes: tt.purposes})); diff != "" {
				t.Errorf("rights differ (-want +got):\n%s", diff)
			}
			for _, row := range rightsTable {
				listed := slices.ContainsFunc(tt.want, func(i RightInfo) bool { return i.Right == row.right })
				if got := GivesRight(Activity{Purposes: tt.purposes}, row.right); got != listed {
					t.Errorf("GivesRight says %v of %s, and the list of rights %v", got, row.right, listed)
				}
			}
		})
	}
}
