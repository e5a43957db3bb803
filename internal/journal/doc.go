// Package journal keeps beside a worker, in files, what its database does not have
// yet: which claims it holds, which attempts are about to be made, and what the relay
// answered. It implements deliver.Journal.
//
//	FOLDER/<controller>/<worker>/000001   pages, up to 8 MiB each
//	                             000002
//
// While a worker lives it holds flock(2) on its folder; the kernel lets go of it when
// the process ends, however that ends. So whoever gets the lock has found what a
// worker has left behind, and not one that is merely frozen. The folder must be on a
// disk of this machine: network file systems know no locks of folders.
//
// A page is made of lines, each with its checksum (CRC-32C) before it:
//
//	5d8a3c17 {"claimed":"01993c1e-..."}
//	0b1f9e02 {"end":{"contact":"...","delivery":"...","to":"uncertain",...}}
//
// The end of an attempt is written twice: what it comes to if nothing more is heard,
// before its text may leave, and then what the relay said. The last word counts.
//
// What is written is in the kernel's hands: a killed process loses nothing of it, and
// only its last line can be torn, before anything was done that the line speaks of.
// Nothing is flushed to the disk line by line. When the machine itself has gone down,
// which its boot id tells, or when a page is damaged, the end may be missing. Then what was
// answered is settled all the same, and the rest is left to the lease (deliver.Leftover.Whole).
//
// A page is removed as soon as the claims noted in it and before it have ended, so that
// the files stay small; a worker that stops leaves none. They hold ids, codes, keyed
// hashes and replies with their addresses masked: no name and no address.
package journal
