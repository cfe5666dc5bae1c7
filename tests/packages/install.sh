#!/usr/bin/env bash
# The packages as an administrator meets them: installed into a bare Debian 12, upgraded over an older version, removed and purged. Prints the size of
# each package and of what it brings along. Units are read by systemd-analyze; nothing is started by the packages, as in any image that is built.
# usage: install.sh CHECKOUT node|controller; needs root and Debian's mirror
set -euo pipefail
checkout=${1:?the checkout}
what=${2:?node or controller}
cd "$checkout"
tools/install-packages package

places=/dev/shm
[ "$(df --output=avail -k /dev/shm | tail -n 1)" -ge 4000000 ] || places=${TMPDIR:-/tmp}
folder=$(mktemp -d "$places/loa-install-XXXXXX")
trap 'rm -rf "$folder"' EXIT
root=$folder/root

fail() { echo "FAILED: $*"; exit 1; }
inside() { chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 "$@"; }
quietly() { inside "$@" >"$folder/log" 2>&1 || { tail -n 40 "$folder/log"; fail "$*"; }; }
install_debs() { quietly apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "$@"; }
size_installed() { inside dpkg-query -W -f '${Installed-Size}\n' | awk '{ sum += $1 } END { print sum }'; }
have() { for name in "$@"; do [ -e "$root$name" ] || fail "$name is not there"; done; }
gone() { for name in "$@"; do [ ! -e "$root$name" ] || fail "$name is still there"; done; }
owner_inside() { inside stat -c '%U:%G %a' "$1"; }
equal() { [ "$2" = "$3" ] || fail "$1: $2, and not $3"; }
enabled() { equal "$1 is" "$(inside systemctl is-enabled "$1" || true)" "$2"; }
files() { (cd "$root" && find etc usr var/lib lib/systemd lib/udev -type f -o -type l | grep -vE '^var/lib/(apt|dpkg|systemd)/' | sort); }

# An account as services have it: of the system, without a password and a shell.
account() {  # NAME HOME GROUPS
  local line
  line=$(inside getent passwd "$1") || fail "there is no account $1"
  [ "$(cut -d: -f3 <<<"$line")" -lt 1000 ] || fail "$1 is a person's account: $line"
  equal "$1's home and shell" "$(cut -d: -f6,7 <<<"$line")" "$2:/usr/sbin/nologin"
  [[ $(inside getent shadow "$1" | cut -d: -f2) == [!*]* ]] || fail "$1 has a password"
  equal "$1's groups" "$(inside id -nG "$1" | tr ' ' '\n' | sort | paste -sd' ')" "$3"
}

. tests/packages/install_"$what".sh  # its names, and check_new, begin_to_use, check_upgraded

mkdir "$folder/new" "$folder/older"
begin=$SECONDS
tools/package --output "$folder/new" "$what" stock >"$folder/made" || { cat "$folder/made"; fail "the packages are not made"; }
cat "$folder/made"
tests/packages/older.sh "$folder/older" "$folder"/new/*.deb
echo "packages made in $((SECONDS - begin)) s"
begin=$SECONDS

mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io --aptopt='Apt::Install-Recommends "false"' --include=systemd bookworm "$root" - \
  < <(tools/package.d/mirrors) >"$folder/log" 2>&1 || { tail -n 20 "$folder/log"; fail "no bare Debian"; }
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/"
mkdir "$root/debs"
cp "$folder"/new/*.deb "$folder"/older/*.deb "$root/debs/"
new=($(cd "$root" && printf '/%s\n' debs/loa-stock_[0-9]*.deb debs/loa-"$what"_[0-9]*.deb))
older=($(cd "$root" && printf '/%s\n' debs/loa-stock_older_*.deb debs/loa-"$what"_older_*.deb))
mount -t proc none "$root/proc"
trap 'umount "$root/proc"; rm -rf "$folder"' EXIT
quietly apt-get update
files >"$folder/bare"

before=$(size_installed)
install_debs "${older[@]}"
after=$(size_installed)
own=$(inside dpkg-query -W -f '${Installed-Size}\n' "loa-$what" loa-stock | awk '{ sum += $1 } END { print sum }')
echo "loa-$what brings along $(((after - before - own) / 1024)) MB of Debian's packages, and is $((own / 1024)) MB itself with loa-stock"
bash tests/house/hardening.sh fortify "$root"/usr/bin/loa*
inside dpkg --audit | grep . && fail "dpkg finds a package half installed"
equal "the settings files" "$(inside dpkg-query -W -f '${Conffiles}\n' "loa-$what" | awk 'NF { print $1 }')" "$conf"
for unit in "${units[@]}"; do
  inside systemd-analyze verify --man=no "/lib/systemd/system/$unit.service" 2>&1 | grep "$unit" && fail "systemd does not take $unit"
  for document in $(sed -n 's/^Documentation=.*file:\([^ ]*\).*/\1/p' "$root/lib/systemd/system/$unit.service"); do have "$document"; done
  inside test -x "$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$root/lib/systemd/system/$unit.service")" || fail "$unit has no program"
done
awk '/daemon-reload/ { read = 1 } /deb-systemd-invoke restart/ { if (!read) exit; found = 1 } END { exit !found }' "$root/var/lib/dpkg/info/loa-$what.postinst" ||
  fail "an upgrade restarts programs before systemd has read their new units"
check_new

# Settings that nobody changed become those of the new release.
install_debs "${new[@]}"
head -n 1 "$root$conf" | grep -q "older release" && fail "the upgrade left settings that nobody had changed"
quietly apt-get purge -y "loa-$what" loa-stock

# What the administrator changed or put off, and what the program keeps, outlive the upgrade.
install_debs "${older[@]}"
echo "# of this place" >>"$root$conf"
begin_to_use
inside runuser -u "$account" -- sh -c "echo mine > $kept"
inside systemctl --quiet disable "loa-$what.service" 2>/dev/null
install_debs "${new[@]}"
equal "the version after the upgrade" "$(inside dpkg-query -W -f '${Version}' "loa-$what")" "$(dpkg-deb -f "$root${new[1]}" Version)"
tail -n 1 "$root$conf" | grep -q "of this place" || fail "the upgrade took the administrator's settings"
[ "$(head -n 1 "$root$conf.dpkg-dist")" != "# As an older release shipped it." ] || fail "the new settings are not laid beside"
grep -q "older release" "$root/lib/systemd/system/loa-$what.service" && fail "the upgrade left the older unit"
enabled "loa-$what.service" disabled
have "$kept"
check_upgraded

quietly apt-get remove -y "loa-$what"
gone "/usr/bin/loa-$what" "/lib/systemd/system/loa-$what.service"
have "$conf" "$kept"

install_debs "${new[@]}"
tail -n 1 "$root$conf" | grep -q "of this place" || fail "installing again took the administrator's settings"
have "$kept"
quietly apt-get purge -y "loa-$what" loa-stock
quietly apt-get autoremove --purge -y
files >"$folder/purged"
left=$(comm -13 "$folder/bare" "$folder/purged" | grep -i loa || true)
[ -z "$left" ] || fail "purged, and still there: $left"
gone /var/lib/loa-node /var/lib/loa /etc/loa
echo "loa-$what: installed, upgraded, removed, installed again and purged in $((SECONDS - begin)) s"
