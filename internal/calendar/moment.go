package calendar

import (
	"slices"
	"strings"
	"time"
	"unicode"
)

// moment is a date and a time as they are written.
type moment struct {
	date               Date
	hour, minute       int
	second, nano       int
	offset             int // seconds east of UTC
	hasTime, hasOffset bool
	half               byte // 'A' or 'P' of a clock of twelve hours
}

// read takes a text apart by a form.
func (m *moment) read(f Form, s string) (err error) {
	for _, p := range f.parts {
		switch p.kind {
		case signs:
			rest, found := strings.CutPrefix(s, p.signs)
			if !found && p.signs != " " { // a blank may be left out: 09:30+01:00
				return ErrForm
			}
			s = rest
		case monthName:
			if m.date.Month, s, err = readMonth(s, f.language); err != nil {
				return err
			}
		case weekday: // it says nothing that the date does not
			rest := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsMark(r) })
			if rest == s {
				return ErrForm
			}
			s = strings.TrimPrefix(rest, ".")
		case half:
			if len(s) < 2 || s[0]|0x20 != 'a' && s[0]|0x20 != 'p' || s[1]|0x20 != 'm' {
				return ErrForm
			}
			m.half, s = s[0]&^0x20, s[2:]
		case offset:
			if s, err = m.readOffset(s); err != nil {
				return err
			}
		default:
			if s, err = m.readNumber(p, s); err != nil {
				return err
			}
		}
	}
	if s != "" {
		return ErrForm
	}
	return nil
}

func (m *moment) readNumber(p formPart, s string) (rest string, err error) {
	least, most := 1, 2
	if p.kind == year {
		least, most = 4, 4
	} else if p.exact || p.kind == minute || p.kind == second {
		least = 2
	}
	n, size := 0, 0
	for size < len(s) && size < most && isDigit(s[size]) {
		n, size = n*10+int(s[size]-'0'), size+1
	}
	if size < least {
		if p.kind == year && size == 2 {
			return s, ErrYear
		}
		return s, ErrForm
	}
	s = s[size:]
	switch p.kind {
	case year:
		m.date.Year = n
	case month:
		m.date.Month = time.Month(n)
	case day:
		m.date.Day = n
	case hour:
		m.hour, m.hasTime = n, true
	case minute:
		m.minute = n
	case second:
		m.second = n
		s = m.readFraction(s)
	}
	return s, nil
}

// readFraction takes the digits behind a second.
func (m *moment) readFraction(s string) string {
	if len(s) < 2 || s[0] != '.' && s[0] != ',' || !isDigit(s[1]) {
		return s
	}
	scale := int(time.Second)
	for s = s[1:]; s != "" && isDigit(s[0]); s = s[1:] {
		if scale /= 10; scale > 0 {
			m.nano += int(s[0]-'0') * scale
		}
	}
	return s
}

// readOffset takes Z, UTC, GMT, +01:00, +0100, +01 or GMT+0100.
func (m *moment) readOffset(s string) (rest string, err error) {
	s = strings.TrimPrefix(s, " ")
	if s == "" {
		return s, ErrForm
	}
	m.hasOffset = true
	if len(s) >= 3 && (strings.EqualFold(s[:3], "UTC") || strings.EqualFold(s[:3], "GMT")) {
		if s = s[3:]; s == "" || s[0] != '+' && s[0] != '-' {
			return s, nil
		}
	}
	if s[0]|0x20 == 'z' {
		return s[1:], nil
	}
	sign := 1
	switch s[0] {
	case '-':
		sign = -1
	case '+':
	default:
		return s, ErrForm
	}
	hours, ok := twoDigits(s[1:])
	if !ok {
		return s, ErrForm
	}
	s = s[3:]
	minutes, ok := twoDigits(strings.TrimPrefix(s, ":"))
	if ok {
		s = strings.TrimPrefix(s, ":")[2:]
	}
	if hours > 23 || minutes > 59 {
		return s, ErrDay
	}
	m.offset = sign * (hours*3600 + minutes*60)
	return s, nil
}

// readISO reads 2026-10-12, 2026-10-12T09:30, 2026-10-12 09:30:15.5 and the same with an offset.
func (m *moment) readISO(s string) error {
	if len(s) < 10 || s[4] != '-' || s[7] != '-' {
		return ErrForm
	}
	century, ok1 := twoDigits(s)
	rest, ok2 := twoDigits(s[2:])
	mm, ok3 := twoDigits(s[5:])
	dd, ok4 := twoDigits(s[8:])
	if !ok1 || !ok2 || !ok3 || !ok4 {
		return ErrForm
	}
	m.date = Date{Year: century*100 + rest, Month: time.Month(mm), Day: dd}
	if s = s[10:]; s == "" {
		return nil
	}
	if len(s) < 6 || s[0] != ' ' && s[0]|0x20 != 't' || s[3] != ':' {
		return ErrForm
	}
	if m.hour, ok1 = twoDigits(s[1:]); !ok1 {
		return ErrForm
	}
	if m.minute, ok1 = twoDigits(s[4:]); !ok1 {
		return ErrForm
	}
	m.hasTime = true
	if s = s[6:]; len(s) >= 3 && s[0] == ':' {
		if m.second, ok1 = twoDigits(s[1:]); !ok1 {
			return ErrForm
		}
		s = m.readFraction(s[3:])
	}
	if s == "" {
		return nil
	}
	if s, err := m.readOffset(s); err != nil || s != "" {
		return ErrForm
	}
	return nil
}

// instant is the moment in time, if there is such a day and time.
func (m *moment) instant(zone *time.Location) (time.Time, error) {
	d := m.date
	if m.half != 0 {
		if m.hour < 1 || m.hour > 12 {
			return time.Time{}, ErrDay
		}
		m.hour %= 12
		if m.half == 'P' {
			m.hour += 12
		}
	}
	if d.Year < 1 || d.Month < 1 || d.Month > 12 || d.Day < 1 || d.Day > 28 && civil(d.utc()) != d || m.hour > 23 || m.minute > 59 || m.second > 59 {
		return time.Time{}, ErrDay
	}
	if !m.hasTime {
		return d.StartOf(zone).UTC(), nil
	}
	wall := time.Date(d.Year, d.Month, d.Day, m.hour, m.minute, m.second, m.nano, time.UTC).Truncate(time.Microsecond)
	if m.hasOffset {
		return wall.Add(-time.Duration(m.offset) * time.Second), nil
	}
	return firstAt(wall, zone), nil
}

// firstAt is the first instant at which a clock in zone shows the time that wall shows in UTC. Where the clock was set back that
// is the one with the offset from before, and a time that the clock skips is read with it as well, which keeps it on its date.
func firstAt(wall time.Time, zone *time.Location) time.Time {
	const aside = 26 * time.Hour // offsets stay below it
	before, after := offsetAt(wall.Add(-aside), zone), offsetAt(wall.Add(aside), zone)
	if before != after && offsetAt(wall.Add(-before), zone) != before && offsetAt(wall.Add(-after), zone) == after {
		return wall.Add(-after)
	}
	return wall.Add(-before)
}

// readUnix reads a count of seconds or milliseconds since 1970, with a fraction or without. It takes instants from 1973 to 2286
// only, which the number of digits tells: a count of the other unit would be years away.
func readUnix(s string, unit time.Duration) (time.Time, bool) {
	whole, fraction, _ := strings.Cut(s, ".")
	digits := len(whole)
	if unit == time.Millisecond {
		digits -= 3
	}
	if digits < 9 || digits > 10 || slices.ContainsFunc([]byte(whole+fraction), func(c byte) bool { return !isDigit(c) }) {
		return time.Time{}, false
	}
	var n int64
	for i := range len(whole) {
		n = n*10 + int64(whole[i]-'0')
	}
	var m moment
	if unit == time.Second {
		m.readFraction("." + fraction)
		return time.Unix(n, int64(m.nano)).UTC().Truncate(time.Microsecond), true
	}
	return time.UnixMilli(n).UTC(), true
}

// twoDigits reads the number at the beginning of a text.
func twoDigits(s string) (n int, ok bool) {
	if len(s) < 2 || !isDigit(s[0]) || !isDigit(s[1]) {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
