package accept

import "time"

// rowReader reads a file ahead of the store: while a batch is being stored the
// next is read and its identifiers are hashed. At most two batches are in
// memory, whatever the file's length.
type rowReader struct {
	rows  Rows
	rules intakeRules
	size  int   // rows of a batch
	stop  int64 // the position of an earlier run: no batch goes over it
	read  int64
}

// readBatch is what was read before err, which is io.EOF at the end of the file.
type readBatch struct {
	rows []batchRow
	err  error
}

// start reads in a goroutine of its own and gives batches in the order of the
// file; the last has an error. Once stop has returned, nothing reads any more.
func (r *rowReader) start() (batches <-chan readBatch, stop func()) {
	out, quit, ended := make(chan readBatch), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		defer close(out)
		for {
			b := r.fill()
			select {
			case out <- b:
			case <-quit:
				return
			}
			if b.err != nil {
				return
			}
		}
	}()
	return out, func() { close(quit); <-ended }
}

// fill reads the next batch.
func (r *rowReader) fill() (b readBatch) {
	size := r.size
	if left := r.stop - r.read; left > 0 {
		size = int(min(int64(size), left))
	}
	b.rows = make([]batchRow, 0, size)
	for len(b.rows) < size {
		rec, refusal, err := r.rows.Next()
		if err != nil {
			b.err = err
			break
		}
		if refusal == nil {
			asFineAsStored(&rec)
			refusal = r.rules.date(&rec)
		}
		row := batchRow{refusal: refusal}
		if refusal == nil {
			row = batchRow{rec: rec, ids: r.rules.identifiers(rec)}
		}
		b.rows = append(b.rows, row)
	}
	r.read += int64(len(b.rows))
	return b
}

// asFineAsStored cuts a row's instants to microseconds: a finer one would come
// back from the store as another, and make the same row another obtaining (D5).
func asFineAsStored(rec *Record) {
	for _, at := range []*time.Time{&rec.ObtainedAt, &rec.FirstCommunication, &rec.FirstDisclosure, &rec.ToldAt} {
		*at = at.Truncate(time.Microsecond)
	}
}
