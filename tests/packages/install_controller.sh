# The controller's part of install.sh, which sources it.
conf=/etc/loa/controller.toml
kept=/var/lib/loa/controller/kept
account=loa
units=(loa-controller loa-broker loa-broker-reload loa-backup)

check_new() {
  have /usr/bin/loa-controller /usr/bin/loa-transcode /usr/bin/loa-broker-reload /usr/bin/loa /usr/share/loa/web/index.html \
    /usr/share/man/man1/loa.1.gz /usr/share/man/man8/loa-controller.8.gz /usr/share/doc/loa-controller/README.Debian \
    /usr/share/bash-completion/completions/loa /usr/share/bash-completion/completions/loa-controller /usr/share/loa/stock/chime.opus
  equal "the controller's folder" "$(owner_inside /var/lib/loa/controller)" "loa:loa 700"
  equal "the backups' folder" "$(owner_inside /var/backups/loa)" "loa:loa 700"
  equal "the broker's folder" "$(owner_inside /var/lib/loa/broker)" "mosquitto:mosquitto 700"
  account loa /var/lib/loa loa
  for unit in loa-controller loa-broker loa-broker-reload; do enabled "$unit.service" enabled; done
  enabled loa-backup.timer disabled
}

# A controller of this place, with the database that the program of an older release wrote (older_controller.sql says of which).
begin_to_use() {
  echo first-password-of-a-test >"$root/tmp/password"
  chmod 644 "$root/tmp/password"
  quietly runuser -u loa -- loa-controller init --area hue --area-name Hue --admin admin --password-file /tmp/password
  have /var/lib/loa/controller/loa.db
  quietly runuser -u loa -- loa keys init --root /tmp/root.pem --controller /var/lib/loa/controller --branch hue
  rm "$root"/var/lib/loa/controller/loa.db*
  sqlite3 "$root/var/lib/loa/controller/loa.db" <tests/packages/older_controller.sql
  inside chown loa:loa /var/lib/loa/controller/loa.db
}

check_upgraded() {
  equal "the program's version" "$(inside loa-controller --version)" "loa-controller $(dpkg-deb -f "$root${new[1]}" Version)"
  # Its first start brings the database up to date. On a loopback of its own, so that its ports are free.
  unshare --net bash tests/packages/upgraded_controller.sh "$root" || fail "the upgraded controller does not serve what the older one kept"
}
