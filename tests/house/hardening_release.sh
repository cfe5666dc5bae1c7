#!/usr/bin/env bash
# A release as the flags of cmake/LoaHardening.cmake make it: every compile and link command of the shipped programs has them, and programs that are
# built so are read back with all of it in them.
# usage: hardening_release.sh ROOT FOLDER all|one PROGRAM...     FOLDER keeps the build; one: only loa-transcode is built, all: every PROGRAM
set -euo pipefail
root=${1:?the root of the checkout}
folder=${2:?a folder for the build}
which=${3:?all or one}
shift 3
mkdir -p "$folder"
cmake -S "$root" -B "$folder" -G Ninja -DCMAKE_BUILD_TYPE=Release -DLOA_TESTS=OFF -DLOA_BENCH=OFF -DLOA_WEB=OFF >"$folder/log" 2>&1 || { cat "$folder/log"; exit 1; }
ninja -C "$folder" -t commands "$@" >"$folder/commands"

code=(-O3 -fPIE -fstack-protector-strong -fstack-clash-protection -Werror=format-security -D_FORTIFY_SOURCE=3 -D_GLIBCXX_ASSERTIONS -ftrivial-auto-var-init=zero)
case "$(uname -m)" in
  x86_64) code+=(-fcf-protection=full) ;;
  aarch64) code+=(-mbranch-protection=standard) ;;
esac
link=(-pie -Wl,-z,relro,-z,now,-z,noexecstack)
wrong=0
every() {  # WHICH-COMMANDS FLAG
  local without
  without=$(grep -E -- "$1" "$folder/commands" | grep -cvF -- " $2 " || true)
  [ "$without" -eq 0 ] || { echo "$without commands of a release lack $2"; wrong=$((wrong + 1)); }
}
for flag in "${code[@]}"; do every ' -c .*\.cpp' "$flag"; done
for flag in "${link[@]}"; do every ' -o bin/' "$flag"; done
sources=$(grep -cE ' -c .*\.cpp' "$folder/commands")
programs=$(grep -cE ' -o bin/' "$folder/commands")
[ "$sources" -gt 20 ] || { echo "only $sources sources: this check looks in the wrong place"; exit 1; }
[ "$programs" -eq $# ] || { echo "$programs programs are linked, $# were named"; exit 1; }
[ "$wrong" -eq 0 ] || exit 1
echo "$sources sources and $programs programs of a release are built with every flag"

built=("$@")
[ "$which" = all ] || built=(loa-transcode)  # it decodes what strangers upload
ninja -C "$folder" -j "$(nproc)" "${built[@]}" >"$folder/log" 2>&1 || { tail -n 40 "$folder/log"; exit 1; }
bash "$root/tests/house/hardening.sh" fortify "${built[@]/#/$folder/bin/}"
