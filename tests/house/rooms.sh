#!/usr/bin/env bash
# Holds every include of the code against the arrows of docs/architecture.md: a room includes itself and what its row names.
# usage: rooms.sh ROOT; prints each wrong include and fails.
set -euo pipefail
cd "${1:?the root of the checkout}"

allowed() {
  case "$1" in
    scheduler) echo "" ;;
    protocol) echo "scheduler" ;;
    config) echo "" ;;
    process) echo "" ;;
    tts-adapters) echo "process" ;;
    node-firmware) echo "scheduler protocol config" ;;
    controller/http) echo "" ;;
    controller/store) echo "scheduler protocol" ;;
    controller/authority) echo "scheduler protocol process" ;;
    controller/media) echo "process tts-adapters protocol" ;;
    controller/broadcast) echo "scheduler protocol controller/store controller/authority" ;;
    controller/api) echo "scheduler protocol controller/http controller/store controller/media tts-adapters" ;;
    controller) echo "scheduler protocol config tts-adapters controller/http controller/store controller/authority controller/media controller/broadcast controller/api" ;;
    tools/loa) echo "scheduler protocol controller/authority" ;;
    *) echo "no such room: $1" >&2; exit 1 ;;
  esac
}

room_of() {  # PATH: the room that a file of this path belongs to
  case "$1" in
    controller/*/*) echo "${1%/*}" | cut -d/ -f1,2 ;;
    tools/loa/*) echo tools/loa ;;
    *) echo "${1%%/*}" ;;
  esac
}

wrong=0
count=0
while IFS=: read -r file line; do
  count=$((count + 1))
  included=$(sed -E 's/^[[:space:]]*#include "([^"]+)".*/\1/' <<<"$line")
  from=$(room_of "$file")
  case "$included" in
    */*) to=$(room_of "$included") ;;
    *) to=$from ;;
  esac
  [ "$from" = "$to" ] && continue
  if ! grep -qw -- "$to" <<<"$(allowed "$from" | tr ' ' '\n' | grep -Fx -- "$to" || true)"; then
    echo "$file includes $included: $from may not include $to"
    wrong=$((wrong + 1))
  fi
done < <(grep -rHE '^[[:space:]]*#include "' --include='*.hpp' --include='*.cpp' scheduler protocol config process tts-adapters node-firmware controller tools/loa | grep -v '/node_modules/')

[ "$count" -gt 100 ] || { echo "only $count includes found: this check looks in the wrong place"; exit 1; }

# Words that a room must not know, whatever it includes.
if grep -rnE 'soci|sqlite|mosquitto' --include='*.hpp' --include='*.cpp' controller/api | grep -v 'controller/api/api.hpp' | grep -nE '#include'; then
  echo "controller/api knows the database or the broker"; wrong=$((wrong + 1))
fi
if grep -rnE '#include <boost/json|#include "protocol/json' --include='*.hpp' --include='*.cpp' controller/store; then
  echo "controller/store knows JSON"; wrong=$((wrong + 1))
fi
if grep -rnE '#include <(boost|fmt|spdlog|openssl)' scheduler/{time,names,playhead,piece,history,succession,alert_scene}.cpp scheduler/{plan,alert,record,playhead,history,succession}.hpp; then
  echo "the node's part of scheduler knows more than the standard library"; wrong=$((wrong + 1))
fi
[ "$wrong" -eq 0 ] && echo "$count includes follow the arrows"
exit $((wrong > 0))
