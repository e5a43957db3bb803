// Package complete says what a register lacks of what a notice must tell (Articles 13 and
// 14, C1), in every language that it is written in (L4) and in plain words (P1, P3). Each
// finding has the element of the law and the rule behind it. A register with errors
// approves nothing.
package complete
