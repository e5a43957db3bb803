// Package privatepg runs a PostgreSQL of our own from the binaries installed on
// the machine. It is what every command uses that was given no database URL,
// and what the tests run against.
//
// # One server, several commands
//
// Commands on the same folder share one server. The first one to come starts
// it, the others join, and when the last one is gone it stops, whether they
// closed it, crashed, or were killed with SIGKILL. No process is in charge:
// three flocks and one named pipe say all there is to say, and the kernel
// releases each of them when its holder dies.
//
//	start.lock   held exclusively while somebody comes in or goes out
//	users.lock   shared by every user; who can have it alone is the last one
//	server.lock  inherited by the server, and by initdb; free means that
//	             nothing of ours runs in the folder any more
//	run/users    the named pipe: a user sits on its write end, the watcher reads
//
// The watcher (watch.sh) is a few lines of POSIX shell beside the server. Its
// read ends when the last write end is closed, and it then sends the server
// SIGINT, PostgreSQL's fast shutdown. Nothing else stops a server in normal
// life; Close only leaves, and waits for the end if it was the last. A pipe is
// used since the parent's death signal exists on Linux only and follows a
// thread, and since flock(1) is not everywhere.
//
// Somebody who takes a seat at the pipe just as the watcher sees its end would
// be served for an instant only. So a newcomer writes a line, and is in when the
// watcher has answered (by making run/counted): after that it cannot read the
// end of the pipe while the newcomer lives. If the answer does not come and
// server.lock becomes free, the newcomer starts the server anew.
//
// The server and its watcher have a session of their own, so Ctrl-C at the
// terminal reaches the command and not the database beneath it.
//
// # The folder
//
//	data/            the cluster; made as data.new and renamed when complete
//	run/             socket, pipe, access rules; made anew at every start.
//	                 A link to a folder under the temporary one where the
//	                 socket's path would pass the system's limit (107 bytes
//	                 on Linux, 103 on macOS) or has a comma
//	server.log       of this run; server.log.old is of the run before
//	home             only for root, see below: a link to where all this is
//
// # Root
//
// PostgreSQL refuses to run as root. For root it therefore runs as the owner of
// data/, or for a new folder as the system's user postgres, or else nobody. That
// user has to be able to enter the folder. Where it cannot (/root is closed to
// everybody else), data and run are put under /var/lib/article14, in a folder
// named by a hash of the asked folder's path, and the link "home" in the asked
// folder says so. The link, once made, holds: should /root be opened one day,
// the data are still found where they are. Data are never left behind for an
// empty new cluster: a folder that has become unreachable is an error.
//
// # Who may connect
//
// There is no TCP. The socket has mode 0700 in a folder of mode 0700 that belongs
// to the server's user; beyond that, the server asks the kernel who is at the
// other end (peer authentication) and admits two accounts only: root and
// the user it runs as. No password exists that could leak.
//
// # What is logged
//
// The life of the server: start, stop, recovery, failures. Errors of statements
// stay out, since their texts quote the values at fault: personal data.
package privatepg
