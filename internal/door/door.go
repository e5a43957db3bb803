package door

import (
	"context"
	"log/slog"
	"time"

	"article14/mailer"
	"article14/mailer/track"
)

// Take keeps a message (track.Reports.Take). Nil means that it is committed; an
// error, that it shall be brought again.
type Take func(ctx context.Context, in track.Incoming) error

// takeWithin bounds one Take: whoever brings a message waits no longer either.
const takeWithin = time.Minute

// Meter counts what came, by door and outcome.
type Meter interface {
	Came(door string, outcome track.DoorOutcome)
}

// House is what every door needs of the house.
type House struct {
	Take  Take
	Now   func() time.Time
	Log   *slog.Logger
	Meter Meter
}

// keep hands a message on. A stop of the process does not break it off: what has
// come whole is finished.
func (h House) keep(ctx context.Context, in track.Incoming) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), takeWithin)
	defer cancel()
	in.ReceivedAt = h.Now()
	err := h.Take(ctx, in)
	if err != nil {
		h.Log.Error("a message could not be kept and is asked for again", "door", in.Door, "error", mailer.MaskAddresses(err.Error()))
		h.Meter.Came(in.Door, track.DoorAway)
		return err
	}
	h.Meter.Came(in.Door, track.DoorKept)
	return nil
}
