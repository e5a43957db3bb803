#!/bin/sh
# Fetches axe-core, with which the tests look for what keeps people out of pages, as
# the package of npm that internal/rig/browser/axe.txt names, into the user's cache.
# Whoever reads it checks its bytes.
#
# usage: axe.sh
set -eu
cd "$(dirname "$0")/.."

read -r name version _ <internal/rig/browser/axe.txt
case "$(uname)" in
Darwin) cache=$HOME/Library/Caches ;; # where Go looks, too (os.UserCacheDir)
*) cache=${XDG_CACHE_HOME:-$HOME/.cache} ;;
esac
cache=$cache/article14
file=$cache/$name-$version.tgz
[ ! -s "$file" ] || exit 0

sh scripts/need.sh npm
mkdir -p "$cache"
new=$(mktemp -d "$cache/new.XXXXXX") # on the same file system: what is half there is never taken for the whole
trap 'rm -rf "$new"' EXIT
echo "fetching $name $version"
npm pack --silent --pack-destination "$new" "$name@$version" >/dev/null || {
	echo "npm could not fetch $name $version: look at its registry and proxy (npm config list), or put the package at $file by hand" >&2
	exit 1
}
mv "$new/$name-$version.tgz" "$file"
