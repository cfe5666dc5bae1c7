#!/usr/bin/env bash
# Each program has a man page that is well-formed and names each command and option that its `--help` lists; of `loa`, whose commands tell their own
# options, each command and what stands below it. And bash completes what a program's `--help` lists.
# usage: manual.sh ROOT BIN PROGRAM...; prints each that is missing and fails.
set -euo pipefail
export LC_ALL=C.UTF-8
root=${1:?the root of the checkout}
bin=${2:?the folder of the programs}
shift 2
wrong=0
bad() { echo "$*"; wrong=$((wrong + 1)); }

commands_of() { "$@" --help | awk '/^Subcommands:/ { on = 1; next } on && /^  [a-z]/ { print $1 }'; }
options_of() { "$@" --help | grep -oE '^  (-[a-z],)?--[a-z-]+' | grep -oE -- '--[a-z-]+'; }

count=0
for program in "$@"; do
  pages=("$root"/packaging/man/"$program".[0-9])
  [ -e "${pages[0]}" ] || { bad "$program has no man page"; continue; }
  text=$(sed 's/\\f[BIR]//g; s/\\-/-/g' "${pages[0]}")
  words=$(options_of "$bin/$program")
  for command in $(commands_of "$bin/$program"); do
    words+=" $command "
    words+=$(commands_of "$bin/$program" "$command")
    [ "$program" = loa ] || words+=" $(options_of "$bin/$program" "$command")"
  done
  for word in $words; do
    count=$((count + 1))
    grep -qE -- "(^|[^a-z_-])$word([^a-z_-]|$)" <<<"$text" || bad "$(basename "${pages[0]}") does not name $word"
  done
  if command -v man >/dev/null; then
    said=$(man --warnings -l -Tutf8 "${pages[0]}" 2>&1 >/dev/null) || true
    [ -z "$said" ] || bad "$(basename "${pages[0]}"): $said"
  fi
done
[ "$count" -ge 10 ] || bad "only $count words found: this check looks in the wrong place"

# completes WORD... -> EXPECTED: the last word is completed.
PATH=$bin:$PATH
source "$root/packaging/completion.bash"
completes() {
  local expected=${!#}
  COMP_WORDS=("${@:1:$#-1}") COMP_CWORD=$(($# - 2)) COMPREPLY=()
  _loa
  [ "${COMPREPLY[*]}" = "$expected" ] || bad "bash completes \`${COMP_WORDS[*]}\` to: ${COMPREPLY[*]}"
}
for program in "$@"; do
  case "$program" in
    loa-node) completes loa-node che check; completes loa-node check --s --silent; completes loa-node --conf --config ;;
    loa-controller) completes loa-controller backup --k --keep ;;
    loa) completes loa node rev revoke; completes loa --json log --out --outcome; completes loa node add PX-01 --ar --area ;;
  esac
done
[ "$wrong" -eq 0 ] && echo "$count commands and options stand in the man pages"
exit $((wrong > 0))
