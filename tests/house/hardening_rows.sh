#!/usr/bin/env bash
# hardening.sh against small programs: one built as LoaHardening.cmake says, and for each flag one built without it.
# usage: hardening_rows.sh ROOT C++-COMPILER
set -euo pipefail
root=${1:?the root of the checkout}
compiler=${2:?a compiler}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat >program.cpp <<'TEXT'
#include <cstdio>
#include <cstring>
#include <vector>
int main(int argc, char** argv) {
  char name[16];
  std::strcpy(name, argv[0]);
  std::vector<int> numbers(static_cast<std::size_t>(argc), 1);
  std::printf("%s %d\n", name, numbers[static_cast<std::size_t>(std::strlen(name))]);
}
TEXT
protection=-fcf-protection=full
[ "$(uname -m)" = x86_64 ] || protection=
good=(-O2 -fPIE -fstack-protector-strong $protection -D_GLIBCXX_ASSERTIONS -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -pie -Wl,-z,relro,-z,now,-z,noexecstack)

wrong=0
row() {  # NAME WANTED-SENTENCE EXTRA-FLAGS...
  local name=$1 wanted=$2 said
  shift 2
  "$compiler" "${good[@]}" "$@" program.cpp -o program 2>log || { cat log; exit 1; }
  if said=$(bash "$root/tests/house/hardening.sh" fortify program); then
    [ -z "$wanted" ] || { echo "$name: taken, but $wanted"; wrong=$((wrong + 1)); }
  elif [ "$said" != "program: $wanted" ]; then
    printf '%s: wanted "%s", got:\n%s\n' "$name" "${wanted:-nothing}" "$said"; wrong=$((wrong + 1))
  fi
}
row "all flags" ""
row "a fixed address" "stands at a fixed address (no PIE)" -fno-pie -no-pie
row "writable tables" "its tables stay writable (no RELRO)" -Wl,-z,norelro
row "late binding" "binds its calls late (no BIND_NOW)" -Wl,-z,lazy
row "an executable stack" "its stack can be executed" -Wl,-z,execstack
row "a library folder of its own" "looks for libraries in a folder of its own (RPATH)" -Wl,-rpath,/tmp
row "an unguarded stack" "its stack is not guarded (no stack protector)" -fno-stack-protector
row "no library checks" "takes any index (no checks in the standard library)" -U_GLIBCXX_ASSERTIONS
[ -z "$protection" ] || row "no landing marks" "may be jumped into anywhere (no control-flow protection)" -fcf-protection=none
[ -z "$protection" ] || row "no landing marks, and no names" "may be jumped into anywhere (no control-flow protection)" -fcf-protection=none -s
row "no fortify" "writes past known buffers (no fortify)" -U_FORTIFY_SOURCE -O2
[ "$wrong" -eq 0 ] && echo "each missing flag is noticed"
exit $((wrong > 0))
