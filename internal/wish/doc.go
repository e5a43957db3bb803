// Package wish reads from what somebody wrote what they ask for: that we stop using their data, to see them, to have
// them erased or corrected, or something else (Articles 15 to 17 and 21 GDPR). It sees words alone: whose they are and
// what follows is for others to say.
//
// Nearly all that it finds is a suggestion to the person who reads the mail. One thing takes effect by itself: a clear
// "no" ([Wish.Objects]). It is meant to miss many that a reader would see at once, and never to see one that is not
// there: a text with a negation, a question or a condition anywhere in it is never clear, in whatever language, and
// neither is a long one. "Please don't stop" is no objection, and neither is "How do I stop this?".
//
// # How it is read
//
// Words are compared without case, accents and punctuation, as people type them on any keyboard. A bare word ("stop",
// "unsubscribe", "Widerspruch") counts where it is all that the first sentence says, greetings and courtesy aside; a
// phrase that cannot mean anything else ("take me off your list") counts within a short sentence. The table of them
// is phrases.go: the bare words in all languages of the Union, Norwegian and Icelandic, the rest in the eight largest.
//
// The caller gives the person's own words: the mail that they answer to, which speaks of objecting in every paragraph,
// is cut off before (internal/bounce).
package wish
