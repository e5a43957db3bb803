#!/bin/sh
# Installs what the build, the demo and the tests need and the machine lacks:
# Debian packages by apt-get, as root or by "sudo -n". Where neither works it
# says in one line what to run.
#
# usage: need.sh postgresql [chromium ...]
set -eu

have() {
	case "$1" in
	postgresql) command -v initdb >/dev/null 2>&1 || ls /usr/lib/postgresql/*/bin/initdb /opt/homebrew/opt/postgresql*/bin/initdb /usr/local/opt/postgresql*/bin/initdb >/dev/null 2>&1 ;;
	*) command -v "$1" >/dev/null 2>&1 ;;
	esac
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
# A package's own service is of no use here, and must not start: we run private servers.
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -q
# shellcheck disable=SC2086
$as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $missing
