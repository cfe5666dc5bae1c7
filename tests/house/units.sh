#!/usr/bin/env bash
# Holds each systemd unit against its exposure level (systemd-analyze security, offline) and reads it as systemd would.
# usage: units.sh ROOT; prints each level and fails where one is worse than its row, or where a line is not understood.
set -euo pipefail
root=${1:?the root of the checkout}
command -v systemd-analyze >/dev/null || { echo "systemd-analyze is missing (package systemd)"; exit 1; }

# Tenths of a point; lower is better. A unit without a row must be as good as the last one.
declare -A most=([loa-controller]=15 [loa-node]=20 [loa-broker-reload]=30 [other]=30)

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count=0
wrong=0
for unit in "$root"/config/systemd/*.service; do
  name=$(basename "$unit" .service)
  count=$((count + 1))
  level=$(systemd-analyze security --offline=true "$unit" 2>&1 | sed -n 's/.*exposure level for .*: \([0-9.]*\) .*/\1/p')
  limit=${most[$name]:-${most[other]}}
  echo "$name $level (at most $((limit / 10)).$((limit % 10)))"
  [ -n "$level" ] && [ "${level/./}" -le "$limit" ] || { echo "  is exposed more than its row in units.sh says"; wrong=$((wrong + 1)); }
  # The programs are not installed here; what is checked is that systemd knows every setting and its value.
  sed 's|^ExecStart=.*|ExecStart=/bin/true|; s|^ExecStartPre=.*||; s|^ExecStopPost=.*||' "$unit" >"$folder/$name.service"
  complaints=$(SYSTEMD_LOG_LEVEL=warning systemd-analyze verify --man=no --recursive-errors=no "$folder/$name.service" 2>&1 | grep "$name.service" || true)
  [ -z "$complaints" ] || { echo "$complaints"; wrong=$((wrong + 1)); }
done
[ "$count" -ge 3 ] || { echo "only $count units found: this check looks in the wrong place"; exit 1; }
exit $((wrong > 0))
