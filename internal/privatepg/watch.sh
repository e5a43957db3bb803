# Runs the server, and beside it the watcher that stops it when nobody uses it
# any more. Called as: sh -c <this> sh RUN DATA POSTGRES ARGUMENT...
# Inherited: 3, the lock that tells that the server lives; 4, the users' pipe.
run=$1 data=$2
shift 2

# $$ is this shell everywhere below, and by the exec at the end the server itself.
# The watcher is a grandchild: the server must not find a child it does not know.
( (
	exec 3>&-
	while read -r line; do
		: >"$run/counted"
	done
	# The pipe has ended: all users are gone. Ask the pid file as well, for if the
	# server died long ago its number may be another's. It may also be so young
	# that it has not written the file yet.
	while kill -0 $$ 2>/dev/null; do
		pid=
		read -r pid 2>/dev/null <"$data/postmaster.pid"
		if [ "$pid" = $$ ]; then
			kill -INT $$
			exit
		fi
		sleep 1
	done
) <&4 4<&- & )

exec "$@" 4<&-
