#!/usr/bin/env bash
# tools/sbom over this build: the file is well-formed CycloneDX 1.5 and names every library that the programs ask for; and what must be
# noticed is: a fault in the file, a library that is not in it, a library of nobody.
# usage: sbom.sh ROOT BUILD C++-COMPILER
set -euo pipefail
export LC_ALL=C
root=${1:?the root of the checkout}
build=${2:?a build folder}
compiler=${3:?a compiler}
programs=(loa-controller loa-node loa loa-transcode loa-broker-reload)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export SOURCE_DATE_EPOCH=1764000000
wrong=0
bad() { echo "$*"; wrong=$((wrong + 1)); }

# A program that somebody adds is looked at too: here, in tools/sbom and by the hardening tests.
while read -r program; do
  [[ " ${programs[*]} " == *" $program "* ]] || bad "$program is built and shipped, but tests/house and tools/sbom do not know it"
done < <(cd "$root" && grep -rhoE 'add_executable\(loa[a-z-]*' controller node-firmware process tts-adapters tools/loa --include=CMakeLists.txt | sed 's/.*(//')

structure() {  # FILE: prints each fault
  jq -r '
    def fault($said): "\(.["bom-ref"] // .name // "?"): \($said)";
    ([.components[]["bom-ref"], .metadata.component["bom-ref"]]) as $refs
    | (if .bomFormat != "CycloneDX" or .specVersion != "1.5" or .version != 1 then "not CycloneDX 1.5" else empty end),
      (if (.serialNumber // "") | test("^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$") then empty else "no serial number" end),
      (if (.metadata.timestamp // "") | test("^[0-9-]{10}T[0-9:]{8}Z$") then empty else "no time" end),
      ($refs | group_by(.)[] | select(length > 1) | "\(.[0]): stands twice"),
      (.components[]
        | if (.type | IN("application", "library")) then empty else fault("no type") end,
          if (.name // "") == "" or (.version // "") == "" then fault("no name or version") else empty end,
          if (.scope | IN("required", "optional", "excluded")) then empty else fault("no scope") end,
          if (.licenses | length) == 0 then fault("no licence") else empty end,
          (.licenses[] | if has("expression") != has("license") then empty else "neither licence nor expression" end,
             if has("license") and ((.license | has("id")) == (.license | has("name"))) then "a licence has an id or a name" else empty end),
          if (.purl // "pkg:deb/debian/x@1?arch=all&distro=x" | test("^pkg:(deb/debian/[a-z0-9.+%B-]+@[^@?]+\\?arch=[a-z0-9]+&distro=.|npm/(%40[^/@]+/)?[^/@]+@[^@]+$)")) then empty else fault("not a package URL") end,
          (.hashes // [] | .[] | if .content | test("^([0-9a-f]{64}|[0-9a-f]{128})$") then empty else "a hash that is none" end)),
      (.dependencies[] | (.ref, .dependsOn[]) | . as $ref | if $refs | index($ref) then empty else "\($ref): named, but no component" end)' "$1"
}

libraries() {  # FILE PROGRAM...: prints each library that a program asks for and the file does not have
  local file=$1 program
  shift
  jq -r '.components[].properties[]? | select(.name == "loa:library") | .value' "$file" | sort -u >"$folder/named"
  for program in "$@"; do
    readelf -dW "$program" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort -u | comm -23 - "$folder/named" | sed "s|^|${program##*/}: |"
  done
}

"$root/tools/sbom" --build "$build" --output "$folder/bom.json"
bom=$folder/bom.json
mine=("${programs[@]/#/$build/bin/}")
said=$(structure "$bom")
[ -z "$said" ] || bad "$said"
said=$(libraries "$bom" "${mine[@]}")
[ -z "$said" ] || bad "not in the file: $said"
"$root/tools/sbom" --build "$build" | cmp - "$bom" || bad "the same build gives another file"

# What everybody knows to be there: a sample of each way into a program.
for row in 'libssl3|linked' 'libsoci-core4.0|linked' 'libmpg123-0|linked' 'libboost1.81-dev|compiled in' 'libcli11-dev|compiled in' 'libtomlplusplus-dev|compiled in' \
    'mosquitto|run' 'espeak-ng|run' 'gstreamer1.0-plugins-bad|run' 'svelte|page' 'loa-node|own'; do
  jq -e --arg name "${row%|*}" --arg why "${row#*|}" 'any(.components[]; .name == $name and any(.properties[]; .name == "loa:why" and .value == $why))' "$bom" >/dev/null ||
    bad "${row%|*} is not there as ${row#*|}"
done
licensed=$(jq '[.components[] | select(.licenses | any(.license.id or .expression))] | length' "$bom")
[ "$licensed" -gt 150 ] || bad "only $licensed components have a licence that a machine knows"

# Each fault is noticed.
fault() {  # NAME WANTED CHANGE
  jq "$3" "$bom" >"$folder/changed.json"
  said=$(structure "$folder/changed.json"; libraries "$folder/changed.json" "${mine[@]}")
  grep -q "$2" <<<"$said" || bad "$1: not noticed, but: ${said:-nothing}"
}
fault "another format" "not CycloneDX 1.5" '.specVersion = "1.4"'
fault "no serial number" "no serial number" 'del(.serialNumber)'
fault "a component twice" "stands twice" '.components += [.components[0]]'
fault "no version" "no name or version" '.components[5].version = ""'
fault "no licence" "no licence" '.components[5].licenses = []'
fault "a licence of two kinds" "an id or a name" '.components[5].licenses = [{license: {id: "MIT", name: "x"}}]'
fault "a bad package URL" "not a package URL" '.components[5].purl = "libssl"'
fault "a dependency on nobody" "named, but no component" '.dependencies[0].dependsOn += ["pkg:nobody"]'
fault "a missing library" "loa-node: libmosquitto.so.1" 'del(.components[].properties[]? | select(.value == "libmosquitto.so.1"))'

# A library of nobody, linked into `loa`.
echo 'int foreign() { return 0; }' >"$folder/foreign.cpp"
echo 'int foreign(); int main() { return foreign(); }' >"$folder/main.cpp"
mkdir "$folder/build" "$folder/build/bin"
"$compiler" -shared -fPIC "$folder/foreign.cpp" -o "$folder/libforeign.so"
for entry in "$build"/* "$build"/.ninja*; do [ "${entry##*/}" = bin ] || ln -s "$entry" "$folder/build/"; done
for program in "${mine[@]}"; do ln -s "$program" "$folder/build/bin/"; done
rm "$folder/build/bin/loa"
"$compiler" "$folder/main.cpp" -o "$folder/build/bin/loa" -L"$folder" -lforeign "-Wl,-rpath,$folder"
said=$(libraries "$bom" "$folder/build/bin/loa")
[ "$said" = "loa: libforeign.so" ] || bad "an added library is missed: ${said:-nothing}"
if "$root/tools/sbom" --build "$folder/build" >/dev/null 2>"$folder/said"; then bad "a library of nobody is left out"; fi
grep -q "libforeign.so belongs to no Debian package" "$folder/said" || bad "a library of nobody: $(cat "$folder/said")"

[ "$wrong" -eq 0 ] && echo "$(jq '.components | length' "$bom") components, $licensed with a licence that a machine knows"
exit $((wrong > 0))
