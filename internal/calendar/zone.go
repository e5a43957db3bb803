package calendar

import "time"

// StartOf returns the first instant of the date in a zone. That is not always 00:00: where the clock is set forward at midnight
// the day begins at 01:00. A date that the zone left out altogether starts where the following day does.
func (d Date) StartOf(loc *time.Location) time.Time {
	midnight := d.utc()
	spans := spansAround(midnight, loc)
	for _, s := range spans {
		at := midnight.Add(-s.offset)
		if at.Before(s.start) {
			at = s.start
		}
		if at.Before(s.end) {
			return at.In(loc)
		}
	}
	return midnight.Add(-spans[len(spans)-1].offset).In(loc)
}

// EndOf returns the last second of the date in a zone: the instant by which a period that ends on this date is over (Regulation
// 1182/71, Art. 3(2): "the expiry of the last hour"). Where the clock is set back over midnight the date comes twice, and the
// end is that of its second coming.
func (d Date) EndOf(loc *time.Location) time.Time {
	midnight := d.AddDays(1).utc()
	spans := spansAround(midnight, loc)
	for i := len(spans) - 1; i >= 0; i-- {
		s := spans[i]
		at := midnight.Add(-s.offset)
		if at.After(s.end) {
			at = s.end
		}
		if at.After(s.start) {
			return at.Add(-time.Second).In(loc)
		}
	}
	return midnight.Add(-spans[0].offset - time.Second).In(loc)
}

// span is a stretch of time in which a zone keeps one offset from UTC, so that its local time runs straight on.
type span struct {
	start, end time.Time // end is not part of it
	offset     time.Duration
}

// spansAround returns the spans of a zone near a local midnight, in order. Offsets stay below 26 hours, so two days on either
// side hold every instant that can bear that local time.
func spansAround(midnight time.Time, loc *time.Location) []span {
	const reach = 48 * time.Hour
	from, to := midnight.Add(-reach), midnight.Add(reach)
	var spans []span
	for at := from; at.Before(to); {
		local := at.In(loc)
		_, seconds := local.Zone()
		_, end := local.ZoneBounds()
		if end.IsZero() || end.After(to) {
			end = to
		}
		spans = append(spans, span{at, end, time.Duration(seconds) * time.Second})
		at = end
	}
	return spans
}
