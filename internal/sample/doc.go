// Package sample invents the people of the demo: about a thousand, in files as
// they really come, for the sources of the sample register.
//
// Every name is put together from lists, every address is in a reserved domain
// (RFC 2606), and the same seed and instant give the same files. Among them are
// people who were never told and are long overdue, people who restricted who may
// see them, people without an address, two who share a mailbox, the same person
// from two sources, rows that must be refused, and addresses at which the
// catcher fails on order.
//
// [Layouts] are for tests and measurements: contact files of any size as the
// tools that people use write them, with what must come of each row.
package sample
