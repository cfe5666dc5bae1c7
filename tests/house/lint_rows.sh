#!/usr/bin/env bash
# tools/lint notices what it is there for: small sources with one fault each, and one without.
# usage: lint_rows.sh ROOT
set -euo pipefail
cd "${1:?the root of the checkout}"
checks=$(grep -v '^#' tools/lint.d/clang-tidy | paste -sd, -)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
wrong=0
row() {  # NAME TOOL WANTED SOURCE
  printf '%s\n' "$4" >"$folder/source.cpp"
  local said
  if [ "$2" = cppcheck ]; then
    said=$(cppcheck --quiet --enable=warning,portability --std=c++20 --template='[{id}]' "$folder/source.cpp" 2>&1 || true)
  else
    said=$(clang-tidy-14 --quiet --checks="-*,$checks" "$folder/source.cpp" -- -std=c++20 2>/dev/null || true)
  fi
  if [ -z "$3" ]; then
    [ -z "$said" ] || { echo "$1: $said"; wrong=$((wrong + 1)); }
  else
    grep -qF "[$3" <<<"$said" || { echo "$1: not noticed by $2, but: ${said:-nothing}"; wrong=$((wrong + 1)); }
  fi
}
row "nothing wrong" cppcheck "" 'int twice(int value) { return 2 * value; }'
row "nothing wrong" clang-tidy "" 'int twice(int value) { return 2 * value; }'
row "an index beyond the end" cppcheck arrayIndexOutOfBounds 'int f() { int a[2] = {1, 2}; return a[2]; }'
row "memory that nobody frees" cppcheck memleak 'void f() { int* a = new int(1); *a = 2; }'
row "a format with too few values" cppcheck wrongPrintfScanfArgNum '#include <cstdio>
void f() { std::printf("%d %d\n", 1); }'
row "a value that was moved away" clang-tidy bugprone-use-after-move '#include <string>
#include <utility>
void take(std::string); std::size_t f(std::string a) { take(std::move(a)); return a.size(); }'
row "a null pointer that is followed" clang-tidy clang-analyzer-core.NullDereference 'int f(bool b) { int* p = b ? nullptr : new int(1); return *p; }'
row "a copy without a bound" clang-tidy clang-analyzer-security.insecureAPI.strcpy '#include <cstring>
void f(char* a, const char* b) { strcpy(a, b); }'
row "numbers that can be guessed" clang-tidy cert-msc30-c '#include <cstdlib>
int f() { return std::rand(); }'
[ "$wrong" -eq 0 ] && echo "every fault is noticed"
exit $((wrong > 0))
