#!/usr/bin/env bash
# `tools/demo --once --scenario NAME` tells its story, every assertion of it holds, and no process is left behind.
# usage: demo_scenario.sh ROOT PRESET NAME LEAST: at least LEAST assertions must have been made
set -euo pipefail
root=${1:?the root of the checkout}
preset=${2:?the build preset}
name=${3:?the scenario}
least=${4:?how many assertions it makes at least}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

"$root/tools/demo" --built --preset "$preset" --once --scenario "$name" --dir "$folder/demo" >"$folder/story" || { cat "$folder/story"; exit 1; }
cat "$folder/story"
held=$(grep -c '^  ok ' "$folder/story") || true
[ "$held" -ge "$least" ] || { echo "only $held assertions were made"; exit 1; }
if grep -q 'NOT SO' "$folder/story"; then echo "the demo says that it is well, and its story that it is not"; exit 1; fi
if pgrep -f "$folder/demo" >/dev/null; then
  echo "processes were left behind:"; pgrep -af "$folder/demo"; exit 1
fi
