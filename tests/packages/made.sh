#!/usr/bin/env bash
# Makes packages for a board's architecture and looks into them without installing them: lintian finds no error, each file is there and none else, the
# program is for that processor, hardened and stripped, and every library that it asks for comes with a package that it names. Prints sizes.
# usage: made.sh CHECKOUT ARCH node|controller; needs root and Debian's mirror
set -euo pipefail
cd "${1:?the checkout}"
arch=${2:?an architecture}
what=${3:?node or controller}
case "$arch" in
  amd64) machine='Advanced Micro Devices X86-64' ;;
  arm64) machine=AArch64 ;;
  armhf) machine=ARM ;;
esac
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
wrong=0
bad() { echo "FAILED: $*"; wrong=$((wrong + 1)); }

begin=$SECONDS
tools/package --arch "$arch" --output "$folder" "$what" stock
echo "made in $((SECONDS - begin)) s"
deb=$(echo "$folder"/loa-"$what"_*_"$arch".deb)
[ -e "$deb" ] || { echo "FAILED: no loa-$what for $arch"; exit 1; }

case "$what" in
  node) expected='/etc/loa/node.toml
/lib/systemd/system/loa-node.service
/lib/udev/rules.d/60-loa-node.rules
/usr/bin/loa-node
/usr/lib/sysusers.d/loa-node.conf
/usr/share/bash-completion/completions/loa-node
/usr/share/doc/loa-node/README.Debian
/usr/share/doc/loa-node/changelog.gz
/usr/share/doc/loa-node/copyright
/usr/share/man/man8/loa-node.8.gz' ;;
  controller) expected='/etc/loa/controller.toml
/lib/systemd/system/loa-backup.service
/lib/systemd/system/loa-backup.timer
/lib/systemd/system/loa-broker-reload.service
/lib/systemd/system/loa-broker.service
/lib/systemd/system/loa-controller.service
/usr/bin/loa
/usr/bin/loa-broker-reload
/usr/bin/loa-controller
/usr/bin/loa-transcode
/usr/lib/sysusers.d/loa-controller.conf
/usr/share/bash-completion/completions/loa
/usr/share/bash-completion/completions/loa-controller
/usr/share/doc/loa-controller/README.Debian
/usr/share/doc/loa-controller/changelog.gz
/usr/share/doc/loa-controller/copyright
/usr/share/doc/loa-controller/examples/loa-alerts.yml
/usr/share/doc/loa-controller/operations.md
/usr/share/doc/loa-controller/postgresql.md
/usr/share/doc/loa-controller/recovery.md
/usr/share/doc/loa-controller/security.md
/usr/share/man/man1/loa.1.gz
/usr/share/man/man8/loa-broker-reload.8.gz
/usr/share/man/man8/loa-controller.8.gz
/usr/share/man/man8/loa-transcode.8.gz' ;;
esac
# The page's own files are named by what they hold.
difference=$(diff <(dpkg-deb --fsys-tarfile "$deb" | tar -tf - | grep -v '/$' | sed 's/^\.//' | grep -v '^/usr/share/loa/web/' | LC_ALL=C sort) - <<<"$expected") ||
  bad "the files are others: $difference"
dpkg-deb --fsys-tarfile "$deb" | tar -tvf - | awk '$2 != "root/root" || $1 ~ /[sS]/ || ($1 ~ /^[-d].......w/) { print; found = 1 } END { exit found }' ||
  bad "these belong to another than root, or give more than they should"
[ "$(dpkg-deb -I "$deb" conffiles)" = "/etc/loa/$what.toml" ] || bad "the settings files are others: $(dpkg-deb -I "$deb" conffiles)"
dpkg-deb -R "$deb" "$folder/tree"
for script in "$folder"/tree/DEBIAN/{post,pre}{inst,rm}; do
  if [ -e "$script" ]; then sh -n "$script" || bad "$(basename "$script") is no shell script"; fi
done
depends=$(dpkg-deb -f "$deb" Depends | tr ',' '\n' | sed 's/^ *//; s/ .*//')
for program in "$folder"/tree/usr/bin/*; do
  head=$(LC_ALL=C readelf -h "$program")
  grep -qE "Machine: +$machine" <<<"$head" || bad "$(basename "$program") is for another processor: $head"
  grep -q '\.debug_info' <<<"$(LC_ALL=C readelf -SW "$program")" && bad "$(basename "$program") is not stripped"
  # A library's package is called as the library is, with few exceptions.
  for library in $(LC_ALL=C readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p'); do
    case "$library" in
      libc.so*|libm.so*|ld-linux*) name=libc6 ;;
      libcrypto.so*|libssl.so*) name=libssl ;;
      libz.so*) name=zlib ;;
      libgst*) name=libgstreamer ;;
      libglib-*|libgobject-*) name=libglib ;;
      libicu*) name=libicu ;;
      *) name=$(sed 's/\.so.*//; s/_/-/g' <<<"${library,,}") ;;
    esac
    grep -qF -- "$name" <<<"$depends" || bad "nobody brings $library, which $(basename "$program") asks for: $(paste -sd' ' <<<"$depends")"
  done
done
bash tests/house/hardening.sh fortify "$folder"/tree/usr/bin/* || wrong=$((wrong + 1))
tests/packages/brings_along.sh "$arch" "$deb" "$folder"/loa-stock_*.deb || wrong=$((wrong + 1))
if [ "$what" = controller ] && [ "$arch" != "$(dpkg --print-architecture)" ]; then
  unshare --mount --net tests/packages/controller_on_board.sh "$arch" "$deb" "$folder"/loa-stock_*.deb || wrong=$((wrong + 1))
fi
[ "$wrong" -eq 0 ] && echo "loa-$what for $arch holds what it should"
exit $((wrong > 0))
