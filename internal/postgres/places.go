package postgres

import (
	"encoding/binary"
	"fmt"
	"sync"

	"article14/mailer"
)

// place is where a row stood when it was read (ctid), as PostgreSQL takes it in
// binary. A row that is fetched by it costs a fraction of one that is looked up in
// an index. It is a hint and no more: whoever uses it names the row's keys as well, and
// where one row is not found all is done again by these (Store.swift).
type place [6]byte

// Scan reads "(block,offset)".
func (p *place) Scan(src any) error {
	var block uint32
	var offset uint16
	text, ok := src.([]byte)
	if !ok {
		return fmt.Errorf("a place cannot be read from a %T", src)
	}
	if _, err := fmt.Sscanf(string(text), "(%d,%d)", &block, &offset); err != nil {
		return fmt.Errorf("%q is no place: %w", text, err)
	}
	binary.BigEndian.PutUint32(p[:4], block)
	binary.BigEndian.PutUint16(p[4:], offset)
	return nil
}

// placeColumn is a tid[]; the zero place is NULL: no row stands there.
func placeColumn[R any](rows []R, at func(R) place) []byte {
	return column(rows, oidTID, len(place{}), func(dst []byte, r R) ([]byte, bool) {
		p := at(r)
		if p == (place{}) {
			return dst, true
		}
		return append(dst, p[:]...), false
	})
}

// rowPlaces are those of a claimed delivery and of the duties that it discharges.
type rowPlaces struct {
	delivery place
	duties   []place
}

// placesAtMost bounds what is remembered: what a worker has in its hands is a tenth of
// it. When it is reached, all is forgotten, and found by key.
const placesAtMost = 50_000

// placeBook remembers places from a claim to its settlement.
type placeBook struct {
	mu    sync.Mutex
	known map[mailer.ID]rowPlaces // by delivery
}

// note remembers what a claim has read.
func (b *placeBook) note(rows map[mailer.ID]rowPlaces) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.known == nil || len(b.known)+len(rows) > placesAtMost {
		b.known = rows
		return
	}
	for id, r := range rows {
		b.known[id] = r
	}
}

// of gives the places of a delivery, none if they are not known. No book knows none.
func (b *placeBook) of(delivery mailer.ID) rowPlaces {
	if b == nil {
		return rowPlaces{}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.known[delivery]
}

// forget drops deliveries that are settled or given back.
func (b *placeBook) forget(deliveries []mailer.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range deliveries {
		delete(b.known, id)
	}
}
