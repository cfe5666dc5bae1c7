# The node's part of install.sh, which sources it.
conf=/etc/loa/node.toml
kept=/var/lib/loa-node/kept
account=loa-node
units=(loa-node)

check_new() {
  have /usr/bin/loa-node /lib/udev/rules.d/60-loa-node.rules /usr/share/man/man8/loa-node.8.gz /usr/share/doc/loa-node/README.Debian \
    /usr/share/bash-completion/completions/loa-node /usr/share/loa/stock/chime.opus
  equal "the state folder" "$(owner_inside /var/lib/loa-node)" "loa-node:loa-node 700"
  account loa-node /var/lib/loa-node "audio gpio loa-node"
  local group
  group=$(sed -n 's/.*GROUP="\([a-z-]*\)".*/\1/p' "$root/lib/udev/rules.d/60-loa-node.rules")
  inside id -nG loa-node | grep -qw "$group" || fail "udev gives the GPIO chips to $group, of which loa-node is no member"
  enabled loa-node.service enabled
  inside dpkg-query -W -f '${Recommends}' loa-node | grep -qw libgpiod2 || fail "libgpiod2 is not recommended"

  # The program runs, as the account that the package made, and finds its player and its stock clips.
  printf '[sink]\nkind = "wav"\nfile = "/var/lib/loa-node/heard.wav"\n' >"$root/tmp/node.toml"
  chmod 644 "$root/tmp/node.toml"
  inside loa-node check --silent --config /tmp/node.toml >"$folder/check" && fail "a node that has not joined is well"
  cat "$folder/check"
  grep -q '^bundle .* FIX .*has not joined' "$folder/check" || fail "the check does not say that the node has not joined"
  grep -q '^sound device .* ok' "$folder/check" || fail "the player does not run with what the package brings along"
}

begin_to_use() { :; }

check_upgraded() { equal "the program's version" "$(inside loa-node --version)" "loa-node $(dpkg-deb -f "$root${new[1]}" Version)"; }
