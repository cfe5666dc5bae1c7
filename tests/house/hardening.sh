#!/usr/bin/env bash
# Reads the hardening of cmake/LoaHardening.cmake back from programs, also stripped ones and those of another processor.
# usage: hardening.sh SCOPE PROGRAM...      SCOPE: link, code (and link), or fortify (and code and link)
# Prints each program and what it lacks, and fails where one lacks anything.
set -euo pipefail
export LC_ALL=C
scope=${1:?link, code or fortify}
shift
case "$scope" in link|code|fortify) ;; *) echo "no scope $scope" >&2; exit 2 ;; esac
[ $# -gt 0 ] || { echo "no programs given" >&2; exit 2; }

faults=0
lacks() { echo "$1: $2"; faults=$((faults + 1)); }

# Whether functions begin with the mark that the processor looks for, as bytes: endbr64, on ARM paciasp. A stripped program has no `main` to look at, and
# what every program starts with has a few marks of its own.
guarded() {
  local mark
  case "$header" in
    *X86-64*)
      if grep -qE " main$" <<<"$(readelf -sW "$1")"; then grep -q endbr64 <<<"$(objdump -d --no-show-raw-insn --disassemble=main "$1")"; return; fi
      mark='\xf3\x0f\x1e\xfa' ;;
    *AArch64*) mark='\x3f\x23\x03\xd5' ;;
    *) return 0 ;;
  esac
  [ "$(grep -aoP "$mark" "$1" | wc -l)" -ge 20 ]
}

for program in "$@"; do
  header=$(readelf -hW "$program")
  segments=$(readelf -lW "$program")
  dynamic=$(readelf -dW "$program")
  imports=$(readelf --dyn-syms -W "$program" | awk '$7 == "UND" { print $8 }')
  grep -q 'Type: *DYN' <<<"$header" && grep -q 'FLAGS_1.*PIE' <<<"$dynamic" || lacks "$program" "stands at a fixed address (no PIE)"
  grep -q 'GNU_RELRO' <<<"$segments" || lacks "$program" "its tables stay writable (no RELRO)"
  grep -Eq '\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW' <<<"$dynamic" || lacks "$program" "binds its calls late (no BIND_NOW)"
  grep -Eq 'GNU_STACK.* RW +0x' <<<"$segments" || lacks "$program" "its stack can be executed"
  grep -Eq '^ *LOAD.* RWE' <<<"$segments" && lacks "$program" "has memory that is writable and executable"
  grep -Eq 'RPATH|RUNPATH' <<<"$dynamic" && lacks "$program" "looks for libraries in a folder of its own (RPATH)"
  [ "$scope" = link ] && continue
  grep -q '^__stack_chk_fail' <<<"$imports" || lacks "$program" "its stack is not guarded (no stack protector)"
  grep -q '__glibcxx_assert_fail' <<<"$imports" || lacks "$program" "takes any index (no checks in the standard library)"
  guarded "$program" || lacks "$program" "may be jumped into anywhere (no control-flow protection)"
  [ "$scope" = code ] && continue
  grep -Eq '^__[a-z]+_chk(@|$)' <<<"$imports" || lacks "$program" "writes past known buffers (no fortify)"
done
[ "$faults" -eq 0 ] && echo "$# programs are hardened ($scope)"
exit $((faults > 0))
