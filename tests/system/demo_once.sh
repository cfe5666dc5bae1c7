#!/usr/bin/env bash
# `tools/demo --once --json` says what three nodes played and leaves their sound; it leaves no process behind.
# usage: demo_once.sh ROOT PRESET
set -euo pipefail
root=${1:?the root of the checkout}
preset=${2:?the build preset}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$root/tools/demo" --built --preset "$preset" --once --json --dir "$folder/demo" >"$folder/table.json"

expect() {  # WHAT JQ-EXPRESSION
  jq -e "$2" "$folder/table.json" >/dev/null || { echo "not so: $1"; cat "$folder/table.json"; exit 1; }
}
expect "three nodes report" 'length == 3'
expect "each is another node" '[.[].node] | unique | length == 3'
expect "each played" 'all(.outcome == "played")'
expect "each heard the same seconds, more than three" '([.[].seconds] | unique | length == 1) and .[0].seconds > 3'
expect "each began within a second" 'all(.error_ms > -1000 and .error_ms < 1000)'
expect "each had sound" 'all(.level_dbfs > -40)'
for node in PX-01 PX-02 AL-01; do
  bytes=$(stat -c %s "$folder/demo/$node.wav")
  [ "$bytes" -gt 300000 ] || { echo "$node.wav has only $bytes bytes"; exit 1; }
done
if pgrep -f "$folder/demo" >/dev/null; then
  echo "processes were left behind:"; pgrep -af "$folder/demo"; exit 1
fi
echo "three nodes played, and nothing was left behind"
