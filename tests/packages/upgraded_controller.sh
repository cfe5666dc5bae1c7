#!/usr/bin/env bash
# Starts the controller in a root whose database an older release wrote (older_controller.sql), and sees that what was there is there: people sign in,
# programmes, broadcasts and play records are shown, the audit chain holds.
# usage: unshare --net upgraded_controller.sh ROOT
set -euo pipefail
root=${1:?the root}
ip link set lo up
database=$root/var/lib/loa/controller/loa.db
wrong=0
bad() { echo "FAILED: $*"; wrong=$((wrong + 1)); }
ask() { sqlite3 "$database" "$1"; }
counted=(areas users nodes programmes broadcasts occurrences play_records alerts receipts node_states)
# Stock clips are the release's own.
count() {
  for table in "${counted[@]}"; do printf '%s %s\n' "$table" "$(ask "select count(*) from $table")"; done
  printf 'clips %s\n' "$(ask 'select count(*) from clips where sha256 not in (select sha256 from stock_clips)')"
}

[ "$(ask 'select max(number) from schema_version')" = 9 ] || bad "the database is not the older one"
before=$(count)
printf '%s\n' 'state = "/var/lib/loa/controller"' '[sign_in]' 'second_factor_for = []' '[nodes]' 'brokers = ["mqtts://localhost:8883"]' 'files = ["https://localhost:8443"]' \
  >"$root/tmp/controller.toml"
chmod 644 "$root/tmp/controller.toml"
as_loa() { exec chroot --userspec=loa:loa "$root" env -i PATH=/usr/bin:/bin HOME=/tmp LC_ALL=C.UTF-8 "$@"; }
(as_loa loa-controller serve --config /tmp/controller.toml) >"$root/tmp/serve.log" 2>&1 &
server=$!
trap 'kill -KILL "$server" 2>/dev/null || true' EXIT
loa() { (as_loa loa --session /tmp/loa-session "$@"); }

signed_in=0
for _ in $(seq 300); do
  if loa login --server https://localhost:8443 --ca /var/lib/loa/controller/authority/ca.pem --user admin --password-file /tmp/password >"$root/tmp/login" 2>&1; then
    signed_in=1
    break
  fi
  kill -0 "$server" 2>/dev/null || break
  sleep 0.2
done
[ "$signed_in" -eq 1 ] || { cat "$root/tmp/login"; tail -n 20 "$root/tmp/serve.log"; echo "FAILED: nobody can sign in"; exit 1; }
loa log --json >"$root/tmp/records" || bad "no play records"
[ "$(jq '[.[] | select(.outcome == "played")] | length' "$root/tmp/records")" = 5 ] || bad "the played records are others: $(cat "$root/tmp/records")"
loa programme list | grep -q 'Đăng ký tạm trú' || bad "the programme is not listed"
[ "$(loa nodes --json | jq length)" = 3 ] || bad "the nodes are not listed"
loa audit verify || bad "the audit chain is broken"

kill -TERM "$server"
code=0
wait "$server" || code=$?
trap - EXIT
[ "$code" -eq 0 ] || bad "the controller ended with $code: $(tail -n 5 "$root/tmp/serve.log")"
newest=$(ls controller/store/migrations/*.sql | wc -l)
[ "$(ask 'select max(number) from schema_version')" = "$newest" ] || bad "the database is not of schema $newest"
[ "$(ask 'pragma integrity_check; pragma foreign_key_check')" = ok ] || bad "the database does not hold together"
after=$(count)
[ "$after" = "$before" ] || bad "rows went or came: $(diff <(echo "$before") <(echo "$after"))"
[ "$wrong" -eq 0 ] && echo "a database of schema 9 came to schema $newest with its rows: $(paste -sd, <<<"$after" | sed 's/,/, /g')"
exit $((wrong > 0))
