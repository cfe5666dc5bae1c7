#!/usr/bin/env bash
# Runs a controller's package of another architecture as qemu plays the processor: laid over the root that it was built in, it begins a place and brings
# an older release's database up to date, and people sign in. Only the package's programs are played; what is beside them is this machine's own.
# usage: unshare --mount --net controller_on_board.sh ARCH DEB...; needs root
set -euo pipefail
arch=${1:?an architecture}
shift
debs=("$@")
case "$arch" in
  arm64) qemu=qemu-aarch64-static ;;
  *) echo "no controller is made for $arch" >&2; exit 2 ;;
esac
below=$(tools/package.d/root "$arch" --controller)
folder=$(mktemp -d)
trap 'umount -R "$folder" 2>/dev/null; rmdir "$folder"' EXIT
mount -t tmpfs none "$folder"  # what is laid over the root goes with it
mkdir "$folder/upper" "$folder/work" "$folder/root"
root=$folder/root
mount -t overlay -o "lowerdir=$below,upperdir=$folder/upper,workdir=$folder/work" none "$root"
mount -t proc none "$root/proc"
mount --bind /dev "$root/dev"

fail() { echo "FAILED: $*"; exit 1; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 "$@"; }
quietly() { inside "$@" >"$folder/log" 2>&1 || { tail -n 40 "$folder/log"; fail "$*"; }; }
have() { for name in "$@"; do [ -e "$root$name" ] || fail "$name is not there"; done; }
. tests/packages/install_controller.sh  # for begin_to_use

# The root has /lib as a link to /usr/lib, which stays.
for deb in "${debs[@]}"; do dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$root"; done
cp -a /usr/share/zoneinfo "$root/usr/share/"
version=$(dpkg-deb -f "${debs[0]}" Version)
mkdir "$root/usr/lib/played"
for program in "$root"/usr/bin/loa*; do
  name=$(basename "$program")
  mv "$program" "$root/usr/lib/played/$name"
  printf '#!/bin/sh\nexec /usr/bin/%s /usr/lib/played/%s "$@"\n' "$qemu" "$name" >"$program"
  chmod 755 "$program"
  quietly "$name" --help
done
[ "$(inside loa-controller --version)" = "loa-controller $version" ] || fail "loa-controller is of another version"
inside useradd --system --home-dir /var/lib/loa --shell /usr/sbin/nologin loa
inside install -d -m 0700 -o loa -g loa /var/lib/loa/controller
begin_to_use
bash tests/packages/upgraded_controller.sh "$root"
