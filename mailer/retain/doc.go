// Package retain is what goes when, and what stays: what has expired is erased by itself
// (T1, T2, T3, S4), anybody by a person's decision (R5). That somebody was owed a notice,
// and what became of it, stays on record without a name.
//
// erase.go decides about one person as they stand; eraser.go walks.
package retain
