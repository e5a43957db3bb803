// Package rights is what a recipient can do with the links of a notice: read it, object,
// ask for access (Articles 15 and 21, R1 to R5, R10). Reading changes nothing; a token does
// only what it was made for; what is asked has a date (Art. 12(3), D9).
package rights
