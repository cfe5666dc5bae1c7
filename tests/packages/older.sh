#!/usr/bin/env bash
# Makes of each package the one that an older release would have been: a lower version, a unit that says so, and settings whose first line differs.
# usage: older.sh OUTPUT DEB...
set -euo pipefail
output=${1:?a folder for the older packages}
shift
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
for deb in "$@"; do
  tree=$folder/$(basename "$deb" .deb)
  dpkg-deb -R "$deb" "$tree"
  version=$(dpkg-deb -f "$deb" Version)
  sed -i "s/^Version: .*/Version: $version~older/" "$tree/DEBIAN/control"
  for settings in "$tree"/etc/loa/*.toml; do
    if [ -e "$settings" ]; then sed -i '1i # As an older release shipped it.' "$settings"; fi
  done
  for unit in "$tree"/lib/systemd/system/*.service; do
    if [ -e "$unit" ]; then sed -i 's/^Description=.*/& of an older release/' "$unit"; fi
  done
  (cd "$tree" && find . -type f ! -path './DEBIAN/*' ! -path './etc/*' -printf '%P\0' | sort -z | xargs -0 md5sum >DEBIAN/md5sums)
  dpkg-deb --root-owner-group -b "$tree" "$output/$(dpkg-deb -f "$deb" Package)_older_$(dpkg-deb -f "$deb" Architecture).deb" >/dev/null
done
