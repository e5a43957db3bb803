// Package byhand is what people carry out: letters that they print and post, and calls
// that they make, where a person cannot be told by mail (E3).
//
// Letters (letters.go, letters_end.go) are printed in batches, put on record before they
// are on paper, and met when somebody says that they were posted. One that comes back is a
// report like any other (package track). Calls (calls.go) read out the same words.
// letter.go is a notice on paper; internal/letter prints it.
package byhand
