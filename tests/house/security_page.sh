#!/usr/bin/env bash
# Holds docs/security.md to what it names: every test that it quotes, and every source of a test, is there.
# usage: security_page.sh ROOT; prints each that is not and fails.
set -euo pipefail
cd "${1:?the root of the checkout}"

page=docs/security.md
wrong=0
count=0

# Sentences in quotes, in the part on officers and machines and in the table of ASVS.
while read -r name; do
  count=$((count + 1))
  name=${name%% …}
  grep -rqF --include='*.cpp' --include='*.mjs' --include='*.sh' -- "$name" tests || { echo "$page quotes no test: $name"; wrong=$((wrong + 1)); }
done < <(awk '/^## /{on = /^## (Officers|OWASP)/} on' "$page" | grep -oE '"[a-z][^"]{14,}"' | tr -d '"' | sort -u)

while read -r file; do
  count=$((count + 1))
  [ -n "$(find tests -name "$file" -print -quit)" ] || { echo "$page names no file of tests: $file"; wrong=$((wrong + 1)); }
done < <(grep -oE '`[a-z_]+_test\.cpp`' "$page" | tr -d '`' | sort -u)

[ "$count" -gt 30 ] || { echo "only $count names found: this check looks in the wrong place"; exit 1; }
[ "$wrong" -eq 0 ] && echo "$count names stand in the tests"
exit $((wrong > 0))
