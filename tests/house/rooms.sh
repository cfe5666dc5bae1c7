#!/usr/bin/env bash
# Holds every include of the code against the arrows of docs/architecture.md: a room includes itself and what its row names.
# usage: rooms.sh ROOT; prints each wrong include and fails.
set -euo pipefail
cd "${1:?the root of the checkout}"

# No program is started for an include: there are thousands.
declare -A allowed=(
  [scheduler]=""
  [protocol]="scheduler"
  [config]=""
  [process]=""
  [tts-adapters]="process"
  [node-firmware/edge]="scheduler config"
  [node-firmware]="scheduler protocol config node-firmware/edge"
  [controller/http]=""
  [controller/metrics]="controller/http"
  [controller/store]="scheduler protocol"
  [controller/authority]="scheduler protocol process"
  [controller/recovery]="scheduler protocol controller/store controller/authority"
  [controller/media]="process tts-adapters protocol"
  [controller/broadcast]="scheduler protocol controller/store controller/authority"
  [controller/api]="scheduler protocol controller/http controller/store controller/media tts-adapters"
  [controller]="scheduler protocol config process tts-adapters controller/http controller/metrics controller/store controller/authority controller/recovery controller/media controller/broadcast controller/api"
  [tools/loa]="scheduler protocol controller/authority controller/store"
)

room_of() {  # PATH: sets `room` to the room that a file of this path belongs to
  case "$1" in
    controller/*/*) room=${1#controller/}; room=controller/${room%%/*} ;;
    node-firmware/edge/*) room=node-firmware/edge ;;
    tools/loa/*) room=tools/loa ;;
    *) room=${1%%/*} ;;
  esac
}

wrong=0
count=0
while IFS=: read -r file line; do
  [[ $line =~ ^[[:space:]]*#include\ \"([^\"]+)\" ]] || continue
  included=${BASH_REMATCH[1]}
  count=$((count + 1))
  room_of "$file"
  from=$room
  [[ $included == */* ]] && room_of "$included"
  [ "$from" = "$room" ] && continue
  [ -v "allowed[$from]" ] || { echo "$file: there is no room $from"; wrong=$((wrong + 1)); continue; }
  if [[ " ${allowed[$from]} " != *" $room "* ]]; then
    echo "$file includes $included: $from may not include $room"
    wrong=$((wrong + 1))
  fi
done < <(grep -rHE '^[[:space:]]*#include "' --include='*.hpp' --include='*.cpp' --exclude-dir=node_modules scheduler protocol config process tts-adapters node-firmware controller tools/loa)

[ "$count" -gt 100 ] || { echo "only $count includes found: this check looks in the wrong place"; exit 1; }

# Words that a room must not know, whatever it includes.
if grep -rnE 'soci|sqlite|mosquitto' --include='*.hpp' --include='*.cpp' controller/api | grep -v 'controller/api/api.hpp' | grep -nE '#include'; then
  echo "controller/api knows the database or the broker"; wrong=$((wrong + 1))
fi
if grep -rnE '#include <boost/json|#include "protocol/json' --include='*.hpp' --include='*.cpp' controller/store; then
  echo "controller/store knows JSON"; wrong=$((wrong + 1))
fi
if grep -rnE '#include <(boost|fmt|spdlog|openssl)' scheduler/{time,data_share,names,playhead,piece,history,succession,alert_scene}.cpp scheduler/{plan,alert,record,playhead,history,succession}.hpp; then
  echo "the node's part of scheduler knows more than the standard library"; wrong=$((wrong + 1))
fi
[ "$wrong" -eq 0 ] && echo "$count includes follow the arrows"
exit $((wrong > 0))
