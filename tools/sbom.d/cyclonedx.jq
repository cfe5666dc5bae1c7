# Tables of tools/sbom to CycloneDX 1.5.

# Debian's short names (machine-readable copyright format 1.0) as SPDX has them; others keep their name.
def spdx:
  {"Expat": "MIT", "MIT": "MIT", "ISC": "ISC", "Zlib": "Zlib", "zlib": "Zlib", "curl": "curl", "OpenSSL": "OpenSSL", "OFL-1.1": "OFL-1.1",
   "BSL-1.0": "BSL-1.0", "Boost-1.0": "BSL-1.0", "Apache-2.0": "Apache-2.0", "Apache-2": "Apache-2.0", "Artistic": "Artistic-1.0",
   "BSD-2-clause": "BSD-2-Clause", "BSD-2-Clause": "BSD-2-Clause", "BSD-3-clause": "BSD-3-Clause", "BSD-3-Clause": "BSD-3-Clause",
   "GPL-2": "GPL-2.0-only", "GPL-2+": "GPL-2.0-or-later", "GPL-2.0+": "GPL-2.0-or-later", "GPL-3": "GPL-3.0-only", "GPL-3+": "GPL-3.0-or-later",
   "LGPL-2": "LGPL-2.0-only", "LGPL-2+": "LGPL-2.0-or-later", "LGPL-2.0+": "LGPL-2.0-or-later", "LGPL-2.1": "LGPL-2.1-only",
   "LGPL-2.1+": "LGPL-2.1-or-later", "LGPL-3": "LGPL-3.0-only", "LGPL-3+": "LGPL-3.0-or-later", "MPL-1.1": "MPL-1.1", "MPL-2.0": "MPL-2.0",
   "PostgreSQL": "PostgreSQL", "EPL-1.0": "EPL-1.0", "EPL-2.0": "EPL-2.0", "Unicode": "Unicode-DFS-2016"}[.];
def licence($package):
  if startswith("text:") then {license: {name: "\(.[5:]), see /usr/share/doc/\($package)/copyright"}}
  else . as $name | ($name | spdx) as $id | {license: (if $id then {id: $id} else {name: $name} end)} end;
def npm_licence: if test("[ ()]") then {expression: .} else {license: {id: .}} end;
def property($name): {name: $name, value: .};
def deb_url($distro): "pkg:deb/debian/\(.[0] | @uri)@\(.[1] | @uri)?arch=\(.[2])&distro=\($distro)";
def npm_name: sub("^.*node_modules/"; "");
def npm_url: "pkg:npm/" + (if startswith("@") then "%40\(.[1:] | split("/") | map(@uri) | join("/"))" else @uri end);
def hex_of_base64:  # SHA-512 as lower-case hex
  [explode[] | select(. != 61) | if . >= 97 then . - 71 elif . >= 65 then . - 65 elif . == 43 then 62 elif . == 47 then 63 else . + 4 end] as $sixes
  | [range(0; $sixes | length) | $sixes[.] as $s | ($s / 32 | floor % 2), ($s / 16 | floor % 2), ($s / 8 | floor % 2), ($s / 4 | floor % 2), ($s / 2 | floor % 2), ($s % 2)] as $bits
  | [range(0; 512; 4) | . as $i | "0123456789abcdef"[(8 * $bits[$i] + 4 * $bits[$i + 1] + 2 * $bits[$i + 2] + $bits[$i + 3]):][:1]] | join("");

def own($name): "loa:\($name)";
($owners[0] | map({(.[0]): .[1]}) | add) as $owner_of
| ($packages[0] | map({(.[0]): deb_url($distro)}) | add) as $url_of
| ($reasons[0] | group_by(.[0]) | map({(.[0][0]): map(.[1])}) | add) as $reasons_of
| ($licences[0] | map({(.[0]): [.[1:][] | select(. != "")]}) | add) as $licences_of
| ($needs[0] | map({package: $owner_of[.[2]], library: .[1]}) | group_by(.package) | map({(.[0].package): map(.library) | unique}) | add) as $libraries_of
| ($lock[0].packages) as $npm
# What may be in the page: svelte and all it needs. The rest builds and tests it.
| def closure: . as $have | ([$have[] | ($npm["node_modules/\(.)"].dependencies // {}) | keys[]] + $have | unique) as $more | if $more == $have then $have else $more | closure end;
  (["svelte"] | closure) as $in_page
| [$npm | to_entries[] | select(.key != "") | {name: (.key | npm_name), value: .value}
   | {type: "library", "bom-ref": "\(.name | npm_url)@\(.value.version | @uri)", name, version: .value.version,
      scope: (if .name as $n | $in_page | index($n) then "required" else "excluded" end),
      licenses: [(.value.license // empty) | npm_licence],
      purl: "\(.name | npm_url)@\(.value.version | @uri)",
      hashes: [(.value.integrity // empty) | select(startswith("sha512-")) | {alg: "SHA-512", content: (.[7:] | hex_of_base64)}],
      properties: ["page" | property("loa:why")]}] as $npm_components
| [$packages[0][] | . as $p
   | {type: "library", "bom-ref": $url_of[$p[0]], name: $p[0], version: $p[1], scope: "required",
      licenses: ($licences_of[$p[0]] as $known | if $known then $known | map(licence($p[0])) else [] end
                 | if length == 0 then [{license: {name: "see /usr/share/doc/\($p[0])/copyright"}}] else . end),
      purl: $url_of[$p[0]]}
     + (if $p[4] != null and $p[4] != "" then {externalReferences: [{type: "website", url: $p[4]}]} else {} end)
     + {properties: (($reasons_of[$p[0]] | map(property("loa:why"))) + (($libraries_of[$p[0]] // []) | map(property("loa:library")))
                     + [$p[3] | property("loa:debian-source")])}] as $deb_components
| [$programs[0][] | {type: "application", "bom-ref": own(.[0]), name: .[0], version: $version, scope: "required",
      licenses: [{license: {id: "Apache-2.0"}}], hashes: [{alg: "SHA-256", content: .[1]}],
      properties: ["own" | property("loa:why")]}] as $own_components
| ($programs[0] | map(.[0])) as $own_names
| {bomFormat: "CycloneDX", specVersion: "1.5", version: 1,
   metadata: {timestamp: $made, tools: {components: [{type: "application", name: "tools/sbom", version: $version}]},
              component: {type: "application", "bom-ref": "loa", name: "loa", version: $version, licenses: [{license: {id: "Apache-2.0"}}]}},
   components: ($own_components + $deb_components + ($npm_components | unique_by(.["bom-ref"]))),
   dependencies: (
     [{ref: "loa", dependsOn: (($own_names | map(own(.)))
         + [$reasons[0][] | select(.[1] == "run") | $url_of[.[0]]]
         + [$npm_components[] | select(.scope == "required") | .["bom-ref"]] | unique)}]
     + [$own_names[] as $name | {ref: own($name), dependsOn: ([$needs[0][] | select(.[0] == $name) | $url_of[$owner_of[.[2]]]] | unique)}]
     + ([$roots[0][] | select(.[0] as $n | $own_names | index($n) | not) | . as $root | select($owner_of[$root[1]])
         | {ref: $url_of[$owner_of[$root[1]]], dependsOn: [$needs[0][] | select(.[0] == $root[0]) | $url_of[$owner_of[.[2]]]]}]
        | group_by(.ref) | map({ref: .[0].ref, dependsOn: (.[0].ref as $self | map(.dependsOn[]) | unique | map(select(. != $self)))}))
     | group_by(.ref) | map({ref: .[0].ref, dependsOn: (map(.dependsOn[]) | unique)}))}
