// Package track is what comes back: reports of mail systems (RFC 3464), complaints (RFC
// 5965), and what people write.
//
// incoming.go is a message as a door brings it, report.go what it says and what follows,
// reports.go how it gets into the books, complaint.go and answers.go what people mean by it;
// ruling.go is what a person found out about a delivery that may have arrived. What others
// wrote proves nothing, unless a key of ours vouches for it.
package track
