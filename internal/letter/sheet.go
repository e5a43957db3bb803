package letter

import (
	"fmt"

	"article14/mailer"
)

// The sheet is A4, in mm from its upper left corner.
const (
	sheetWidth  = 210.0
	sheetHeight = 297.0
	marginLeft  = 25.0 // DIN 5008
	marginRight = 22.0
	textWidth   = sheetWidth - marginLeft - marginRight
	textTop     = 22.0  // of every page but the first
	firstTop    = 97.0  // below whatever a window can show
	textBottom  = 275.0 // the foot is beneath
	footLine    = 286.0 // its baseline
	headTop     = 14.0
)

// window says where an address stands so that its envelope shows it.
//
// Seen is what the window shows of the sheet in every position that the sheet can take
// in the envelope; MayShow is what it shows in any of them. The address stands in Seen,
// and nothing else stands in MayShow: a passer-by must not read more than an address.
type window struct {
	seen, mayShow rectangle
	x             float64 // where the lines begin
	width         float64 // of a line at most
	returnLine    float64 // baseline of the sender's line, or of the lower one
	top           float64 // of the six lines
	folds         bool
}

type rectangle struct{ left, top, right, bottom float64 }

// windows are worked out from envelope and fold.
//
// Left: DIN 680, envelope DL 220 x 110, window 90 x 45, 20 from the left and 15 from the
// bottom; the sheet is folded at 105 (DIN 5008 form B), so it can move by 10 and by 5.
//
// Right: envelope DL 220 x 110, window 100 x 45, 20 from the right and 20 from the bottom,
// as envelopes are sold in France; the sheet is folded in three, at 99 or at 105, so it can
// move by 10 and by 11.
var windows = map[mailer.WindowSide]window{
	mailer.WindowLeft: {
		seen: rectangle{20, 50, 100, 90}, mayShow: rectangle{10, 45, 110, 95},
		x: 25, width: 75, returnLine: 60.5, top: 62.7, folds: true,
	},
	mailer.WindowRight: {
		seen: rectangle{100, 45, 190, 79}, mayShow: rectangle{90, 34, 200, 90},
		x: 104, width: 85, returnLine: 49.2, top: 51.2,
	},
}

// rightWindows are countries in whose envelopes the window is usually on the right.
var rightWindows = map[string]bool{"FR": true, "MC": true, "BE": true, "LU": true, "CH": true, "IT": true, "ES": true, "PT": true}

// windowFor is the side asked for, or else the one of the sender's country.
func windowFor(side mailer.WindowSide, country string) (window, error) {
	switch {
	case side == "" && rightWindows[country]:
		side = mailer.WindowRight
	case side == "":
		side = mailer.WindowLeft
	}
	w, known := windows[side]
	if !known {
		return w, fmt.Errorf("letter: there is no window on the side %q: say left or right", side)
	}
	return w, nil
}

// foldMarks are where DIN 5008 form B is folded; the one between is for the punch.
var foldMarks = []float64{105, 148.5, 210}
