package mailer

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

func TestABatchIsSharedOutWithoutLossAndWithoutExcess(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lanes []*LaneTurn
		for i := range rapid.IntRange(0, 6).Draw(t, "lanes") {
			lanes = append(lanes, &LaneTurn{
				Lane: int64(i), Room: rapid.IntRange(0, 20).Draw(t, "room"),
				onTimeDry: rapid.Bool().Draw(t, "on time dry"), lateDry: rapid.Bool().Draw(t, "late dry"),
			})
		}
		left := rapid.IntRange(0, 50).Draw(t, "left")
		sum, room := 0, 0
		for _, l := range lanes {
			if !l.onTimeDry || !l.lateDry {
				room += l.Room
			}
		}
		asked := Share(lanes, left, rapid.Bool().Draw(t, "first"))
		for _, p := range asked {
			l := lanes[p.Lane]
			sum += p.OnTime + p.Late
			if p.OnTime+p.Late > l.Room || l.onTimeDry && p.OnTime > 0 || l.lateDry && p.Late > 0 {
				t.Fatalf("lane %+v was asked for %+v", *l, p)
			}
		}
		if sum > left || sum > room || left > 0 && room > 0 && sum == 0 {
			b, _ := json.Marshal(asked)
			t.Fatalf("asked for %d of %d, with room for %d: %s", sum, left, room, b)
		}
	})
}
