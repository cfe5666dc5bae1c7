#!/usr/bin/env bash
# Prints how many MB of Debian's packages come along with packages of an architecture, on a bare Debian 12 with systemd and without what is only
# recommended: reckoned by apt from its lists, so that nothing of the architecture needs to run here.
# usage: brings_along.sh ARCH DEB...; needs Debian's mirror
set -euo pipefail
arch=${1:?an architecture of Debian}
shift
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
debs=()
for deb in "$@"; do debs+=("$(realpath "$deb")"); done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 755 "$folder"
mkdir -p "$folder"/state/lists/partial "$folder"/cache/archives/partial
: >"$folder/status"
"$here/tools/package.d/mirrors" >"$folder/sources.list"
options=(-o Dir::State="$folder/state" -o Dir::State::status="$folder/status" -o Dir::Cache="$folder/cache" -o Dir::Etc::sourcelist="$folder/sources.list"
  -o Dir::Etc::sourceparts=/dev/null -o Dir::Etc::preferencesparts=/dev/null -o APT::Architecture="$arch" -o APT::Architectures="$arch" -o APT::Get::List-Cleanup=0)
apt-get "${options[@]}" -qq update >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }

bare=('?essential' '?priority(required)' apt systemd)
# A line for each package that would be installed: NAME VERSION.
with() { apt-get "${options[@]}" -s --no-install-recommends install "$@" 2>"$folder/log" | sed -n 's/^Inst \([^ ]*\) (\([^ ]*\) .*/\1 \2/p' | sort -u; }
with "${bare[@]}" >"$folder/bare"
[ -s "$folder/bare" ] || { cat "$folder/log"; echo "apt finds no bare Debian for $arch"; exit 1; }
with "${bare[@]}" "${debs[@]}" >"$folder/all"
[ -s "$folder/all" ] || { cat "$folder/log"; echo "apt finds no way to install ${debs[*]} for $arch"; exit 1; }
comm -13 "$folder/bare" "$folder/all" | grep -v '^loa-' >"$folder/more"
# Names of packages are few enough for one command line.
apt-cache "${options[@]}" show $(sed 's/ /=/' "$folder/more") | awk -v packages="$(wc -l <"$folder/more")" -v arch="$arch" '
  $1 == "Package:" { seen = 0 }
  $1 == "Installed-Size:" && !seen { sum += $2; seen = 1 }
  END { printf "%s: brings along %d MB of Debian, %d packages\n", arch, sum / 1024, packages }'
