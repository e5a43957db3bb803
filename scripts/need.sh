#!/bin/sh
# Installs what the build, the demo and the tests need and the machine lacks:
# Debian packages by apt-get, as root or by "sudo -n". Where neither works it
# says in one line what to run.
#
# usage: need.sh postgresql [pgbouncer gcc libc6-dev poppler-utils chromium ...]
#
# NEED_ROOT is the folder that is looked at in place of /, for the tests.
set -eu

root=${NEED_ROOT:-}

# postgresql_installed looks where the program does: Debian keeps the server's
# commands out of PATH.
postgresql_installed() {
	command -v initdb >/dev/null 2>&1 && return
	for initdb in "$root"/usr/lib/postgresql/*/bin/initdb \
		"$root"/opt/homebrew/opt/postgresql@*/bin/initdb "$root"/usr/local/opt/postgresql@*/bin/initdb \
		"$root"/usr/pgsql-*/bin/initdb "$root"/usr/local/pgsql/bin/initdb; do
		[ -x "$initdb" ] && return
	done
	return 1
}

have() {
	case "$1" in
	postgresql) postgresql_installed ;;
	pgbouncer) command -v pgbouncer >/dev/null 2>&1 || [ -x "$root/usr/sbin/pgbouncer" ] ;; # no user's PATH has that folder
	poppler-utils) command -v pdftotext >/dev/null 2>&1 && command -v pdffonts >/dev/null 2>&1 ;;
	libc6-dev) echo '#include <stdio.h>' | gcc -E - >/dev/null 2>&1 ;; # whatever the system's C library is called
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
}

install() {
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends "$@"
}

# no_cluster keeps Debian's package from making and starting a cluster of its
# own, which nobody here would use: the program runs private ones. It does so
# before the package comes, and leaves alone what the administrator has set.
no_cluster() {
	settings=$root/etc/postgresql-common/createcluster.conf
	install postgresql-common
	if ! grep -q '^[[:space:]]*create_main_cluster' "$settings" 2>/dev/null; then
		echo "create_main_cluster = false" | $as_root tee -a "$settings" >/dev/null
		echo "set create_main_cluster = false in $settings"
	fi
}

# no_service stops what Debian's package starts on port 6432: the tests run poolers of
# their own.
no_service() {
	if [ -d "$root/run/systemd/system" ]; then
		$as_root systemctl disable --now "$1"
		echo "stopped and disabled $1.service"
	fi
}

missing=
for package in "$@"; do
	have "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

as_root=
if [ "$(id -u)" -ne 0 ]; then
	as_root="sudo -n"
fi
if ! command -v apt-get >/dev/null 2>&1 || ! $as_root true 2>/dev/null; then
	echo "missing:$missing. Run this as root, then again what you ran: apt-get update && apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi
echo "installing$missing"
$as_root apt-get update -q
case "$missing " in
*" postgresql "*) no_cluster ;;
esac
# shellcheck disable=SC2086
install $missing
case "$missing " in
*" pgbouncer "*) no_service pgbouncer ;;
esac
