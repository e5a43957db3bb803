// Package browser opens pages in a real Chromium, for tests: as a reader with a phone,
// at a desk, at 400 % zoom, in the dark, with scripts off, by touch or by keyboard
// alone. It says what went wrong on the way (a policy broken, a request to another
// host), what axe-core finds, whether a page has to be scrolled sideways, and what it
// looks like.
//
// Chromium has a profile of its own and resolves no name: what it reaches is on
// loopback. It and axe-core are installed by "make need-browser"; where one is missing
// there is an error that says so.
//
// It is no part of the program.
package browser
