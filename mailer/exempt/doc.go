// Package exempt decides who need not be told (14(5), E4): by a named ground, with factors
// and reasons on record, confirmed by a second person where it is about many, and until a
// review date, after which the duties are open again.
package exempt
