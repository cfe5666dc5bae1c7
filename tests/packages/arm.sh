#!/usr/bin/env bash
# Builds the node for a board's processor in a root of its own, and runs the tests of the rooms that it is made of as qemu plays that processor.
# What measures the machine's own speed is left out: qemu's says nothing.
# usage: arm.sh CHECKOUT arm64|armhf; needs root and Debian's mirror
set -euo pipefail
checkout=${1:?the checkout}
arch=${2:?arm64 or armhf}
cd "$checkout"
case "$arch" in
  arm64) qemu=qemu-aarch64-static ;;
  armhf) qemu=qemu-arm-static ;;
  *) echo "no such board: $arch"; exit 2 ;;
esac
tools/install-packages cross
root=$(tools/package.d/root "$arch")
build=$PWD/build/$arch
rooms=(test_scheduler test_protocol test_config test_cache test_node_store test_agent test_fetcher test_edge test_streams)
tools/package.d/in-root "$root" "$build" sh -c \
  "cd /src && cmake --preset $arch >/build/log 2>&1 && cmake --build --preset $arch -j $(nproc) --target loa-node ${rooms[*]} >>/build/log 2>&1" ||
  { tail -n 40 "$build/log"; exit 1; }
LC_ALL=C readelf -h "$build/bin/loa-node" | grep -E 'Class|Machine' | tr -s ' ' | paste -sd' '
echo "loa-node for $arch: $(($(stat -c %s "$build/bin/loa-node") / 1000)) kB"
faults=0
for room in "${rooms[@]}"; do
  printf '%s under %s: ' "$room" "$qemu"
  if tools/package.d/in-root "$root" "$build" sh -c "cd /tmp && $qemu /src/build/$arch/bin/$room '~the playhead is cheap for a full plan'" >"$build/$room.log" 2>&1; then
    tail -n 2 "$build/$room.log" | head -n 1
  else
    faults=1
    grep -B 4 -A 12 FAILED "$build/$room.log" | head -n 60 || tail -n 20 "$build/$room.log"
  fi
done
[ "$("$qemu" -L "$root" "$build/bin/loa-node" --version)" = "loa-node $(sed -n 's/^project(loa VERSION \([0-9.]*\).*/\1/p' CMakeLists.txt)" ] || { echo "loa-node does not run"; faults=1; }
exit "$faults"
