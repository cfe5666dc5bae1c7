#!/usr/bin/env bash
# The packages as an administrator meets them: installed into a bare Debian 12, upgraded over an older version, removed and purged. Prints the size of
# each package and of what it brings along. Units are read by systemd-analyze; nothing is started, as in any image that is built.
# usage: install.sh CHECKOUT PRESET node|controller; needs root and Debian's mirror
set -euo pipefail
checkout=${1:?the checkout}
preset=${2:?the preset whose build is packaged}
what=${3:?node or controller}
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
size_installed() { inside dpkg-query -W -f '${Installed-Size}\n' | awk '{ sum += $1 } END { print sum }'; }
have() { for name in "$@"; do [ -e "$root$name" ] || fail "$name is not there"; done; }
gone() { for name in "$@"; do [ ! -e "$root$name" ] || fail "$name is still there"; done; }
debs() { (cd "$root" && for pattern in "$@"; do printf '/%s\n' debs/$pattern; done); }
owner_inside() { inside stat -c '%U:%G %a' "$1"; }

# Old and new: the same sources, the old one with a version before and a unit that differs, as an older release's would.
mkdir "$folder/old" "$folder/new"
tools/package --preset "$preset" --output "$folder/new" "$what" stock >"$folder/made" || { cat "$folder/made"; fail "the packages are not made"; }
cat "$folder/made"
tools/package --preset "$preset" --suffix '~old' --output "$folder/old" "$what" stock >/dev/null || fail "the older packages are not made"

mmdebstrap --variant=minbase --dpkgopt=force-unsafe-io --aptopt='Apt::Install-Recommends "false"' --include=systemd bookworm "$root" - \
  < <(tools/package.d/mirrors) >"$folder/log" 2>&1 || { tail -n 20 "$folder/log"; fail "no bare Debian"; }
printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
chmod +x "$root/usr/sbin/policy-rc.d"
cp /etc/resolv.conf "$root/etc/"
mkdir "$root/debs"
cp "$folder"/new/*.deb "$folder"/old/*.deb "$root/debs/"
mount -t proc none "$root/proc"
trap 'umount "$root/proc"; rm -rf "$folder"' EXIT
quietly apt-get update
find "$root/etc" "$root/var/lib" "$root/usr" -type f -o -type l | grep -vE '/var/lib/(apt|dpkg|systemd)|/debs/' | sort >"$folder/bare"

before=$(size_installed)
quietly apt-get install -y --no-install-recommends $(debs 'loa-stock_*~old_all.deb' "loa-${what}_*~old_*.deb")
after=$(size_installed)
own=$(inside dpkg-query -W -f '${Installed-Size}\n' "loa-$what" loa-stock | awk '{ sum += $1 } END { print sum }')
echo "loa-$what brings along $(((after - before - own) / 1024)) MB of Debian's packages, and is $((own / 1024)) MB itself with loa-stock (a $preset build)"
inside dpkg --audit | grep . && fail "dpkg finds a package half installed"

case "$what" in
  node)
    have /usr/bin/loa-node /etc/loa/node.toml /lib/systemd/system/loa-node.service /usr/share/man/man8/loa-node.8.gz /usr/share/doc/loa-node/README.Debian /usr/share/loa/stock/chime.opus
    conf=/etc/loa/node.toml; kept=/var/lib/loa-node/kept; account=loa-node
    [ "$(owner_inside /var/lib/loa-node)" = "loa-node:loa-node 700" ] || fail "the state folder is not the node's alone: $(owner_inside /var/lib/loa-node)"
    inside id -nG loa-node | grep -qw audio || fail "the node's account may not use the sound card"
    inside systemctl is-enabled loa-node.service | grep -qx enabled || fail "the unit is not enabled"
    inside systemd-analyze verify --man=no /lib/systemd/system/loa-node.service 2>&1 | grep loa-node && fail "systemd does not take the unit"
    # The program runs, as the account that the package made, and finds its player and its stock clips.
    printf '[sink]\nkind = "wav"\nfile = "/var/lib/loa-node/heard.wav"\n' >"$root/tmp/node.toml"
    chmod 644 "$root/tmp/node.toml"
    inside loa-node check --silent --config /tmp/node.toml >"$folder/check" && fail "a node that has not joined is well"
    cat "$folder/check"
    grep -q '^bundle .* FIX .*has not joined' "$folder/check" || fail "the check does not say that the node has not joined"
    grep -q '^sound device .* ok' "$folder/check" || fail "the player does not run with what the package brings along"
    ;;
  controller)
    have /usr/bin/loa-controller /usr/bin/loa-transcode /usr/bin/loa-broker-reload /usr/bin/loa /etc/loa/controller.toml /usr/share/loa/web/index.html /lib/systemd/system/loa-broker.service
    conf=/etc/loa/controller.toml; kept=/var/lib/loa/controller/kept; account=loa
    [ "$(owner_inside /var/lib/loa/controller)" = "loa:loa 700" ] || fail "the controller's folder is not its alone"
    [ "$(owner_inside /var/lib/loa/broker)" = "mosquitto:mosquitto 700" ] || fail "the broker's folder is not its alone"
    for unit in loa-controller loa-broker loa-broker-reload loa-backup; do
      inside systemd-analyze verify --man=no "/lib/systemd/system/$unit.service" 2>&1 | grep "$unit" && fail "systemd does not take $unit"
    done
    echo first-password-of-a-test >"$root/tmp/password"
    chmod 644 "$root/tmp/password"
    quietly runuser -u loa -- loa-controller init --area hue --area-name Hue --admin admin --password-file /tmp/password
    have /var/lib/loa/controller/loa.db
    ;;
esac

# What the administrator changed, and what the program keeps, outlive the upgrade.
echo "# of this place" >>"$root$conf"
inside runuser -u "$account" -- sh -c "echo mine > $kept"
quietly apt-get install -y --no-install-recommends $(debs 'loa-stock_*[0-9]_all.deb' "loa-${what}_*[0-9]_*.deb")
version=$(inside dpkg-query -W -f '${Version}' "loa-$what")
[[ $version != *old* ]] || fail "the upgrade left $version"
tail -n 1 "$root$conf" | grep -q "of this place" || fail "the upgrade took the administrator's settings"
have "$kept"

quietly apt-get remove -y "loa-$what"
gone "/usr/bin/loa-$what" "/lib/systemd/system/loa-$what.service"
have "$conf" "$kept"

quietly apt-get install -y --no-install-recommends $(debs "loa-${what}_*[0-9]_*.deb")
tail -n 1 "$root$conf" | grep -q "of this place" || fail "installing again took the administrator's settings"
quietly apt-get purge -y "loa-$what" loa-stock
quietly apt-get autoremove --purge -y
find "$root/etc" "$root/var/lib" "$root/usr" -type f -o -type l | grep -vE '/var/lib/(apt|dpkg|systemd)|/debs/' | sort >"$folder/purged"
left=$(comm -13 "$folder/bare" "$folder/purged" | sed "s|^$root||" | grep -i loa || true)
[ -z "$left" ] || fail "purged, and still there: $left"
gone /var/lib/loa-node /var/lib/loa /etc/loa
echo "loa-$what: installed, upgraded, removed, installed again and purged"
