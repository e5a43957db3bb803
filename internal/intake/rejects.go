package intake

import (
	"fmt"
	"io"
	"strconv"

	"article14/internal/export"
	"article14/mailer/accept"
)

// Rejects writes refused rows as CSV: line, field, reason, row. It holds
// personal data as they came, so its file belongs to its owner alone (0600)
// and has a period like any other store (T4).
type Rejects struct{ out *export.Writer }

// NewRejects begins a rejects file with its header.
func NewRejects(w io.Writer) (*Rejects, error) {
	r := &Rejects{export.NewWriter(w)}
	return r, r.write("line", "field", "reason", "row")
}

// Add writes a refusal. It reaches the file at once: what comes after may fail.
func (r *Rejects) Add(f accept.Refusal) error {
	return r.write(strconv.FormatInt(f.Line, 10), f.Field, f.Reason, f.Row)
}

func (r *Rejects) write(cells ...string) error {
	if err := r.out.Write(cells...); err != nil {
		return fmt.Errorf("writing the rejects file: %w", err)
	}
	return nil
}
