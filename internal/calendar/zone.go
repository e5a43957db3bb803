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
//
// It looks for the changes itself: for the last day of leap years after 2037 Location's own ZoneBounds gives an end that is not
// behind its beginning.
func spansAround(midnight time.Time, loc *time.Location) []span {
	const reach, step = 48 * time.Hour, time.Hour // no zone changes twice within an hour
	from, to := midnight.Add(-reach), midnight.Add(reach)
	spans := []span{{start: from, end: to, offset: offsetAt(from, loc)}}
	for at := from; at.Before(to); at = at.Add(step) {
		last := &spans[len(spans)-1]
		if next := at.Add(step); offsetAt(next, loc) != last.offset {
			last.end = firstWithout(last.offset, at, next, loc)
			spans = append(spans, span{start: last.end, end: to, offset: offsetAt(next, loc)})
		}
	}
	return spans
}

func offsetAt(t time.Time, loc *time.Location) time.Duration {
	_, seconds := t.In(loc).Zone()
	return time.Duration(seconds) * time.Second
}

// firstWithout is the second between two instants at which a zone leaves an offset.
func firstWithout(offset time.Duration, before, after time.Time, loc *time.Location) time.Time {
	for after.Sub(before) > time.Second {
		middle := before.Add(after.Sub(before) / 2).Truncate(time.Second)
		if offsetAt(middle, loc) == offset {
			before = middle
		} else {
			after = middle
		}
	}
	return after
}
