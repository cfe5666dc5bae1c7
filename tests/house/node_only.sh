#!/usr/bin/env bash
# The node alone configures without the controller's packages, and its program links nothing of them.
# usage: node_only.sh ROOT LOA-NODE
set -euo pipefail
root=${1:?the root of the checkout}
program=${2:?the program of the node}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cmake -S "$root" -B "$folder" -G Ninja -DLOA_CONTROLLER=OFF -DLOA_TESTS=OFF -DLOA_BENCH=OFF >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
ninja -C "$folder" -t commands loa-node >"$folder/commands"
ldd "$program" >"$folder/libraries"
foreign='controller/[a-z]+/|boost_url|libsoci|libpq|libicu|libical|npm ci'
if grep -ohE "$foreign" "$folder/commands" "$folder/libraries" | sort -u | grep .; then
  echo "the node needs these parts of the controller"
  exit 1
fi
sources=$(grep -c ' -c ' "$folder/commands")
[ "$sources" -gt 20 ] || { echo "only $sources sources: this check looks in the wrong place"; exit 1; }
echo "the node stands alone: $sources sources"
