#include "controller/keep_revocations.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "controller/store/recovery_hold.hpp"
#include "protocol/authorities.hpp"
#include "tests/controller/app/broker_side.hpp"

using namespace loa;
using namespace loa::controller;
using authority::CertificateAuthority;

namespace {

/// A restored controller with three nodes, each with a certificate, and broker files as they were at the backup.
struct Restored : BrokerSide {
  std::map<std::string, std::string> serials;
  const std::vector<std::string> nodes{"n-one", "n-two", "n-three"};

  Restored() {
    write_files("own", nodes, authority);
    for (const auto& id : nodes) serials[id] = authority.issue_client(id, clock.now()).serial;
    write([&](store::Transaction& t) {
      for (const auto& id : nodes) {
        auto node = store::Province::node(id, "code-" + id, "hue");
        node.certificate_serial = serials[id];
        store::add_node(t, node);
      }
      store::begin_recovery_hold(t, "restored from a backup", clock.now());
    });
  }
  void write_files(const std::string& where, const std::vector<std::string>& of, const CertificateAuthority& by) {
    authority::write_broker_files(folder / where, settings, by, of, clock.now());
  }
  /// The live set as the lost controller wrote it a day later.
  void live(const std::vector<std::string>& of, const std::vector<std::string>& revoked = {}, std::chrono::hours later = std::chrono::hours(24)) {
    clock.tick(later);
    auto lost = CertificateAuthority::open_or_create(copy_of_authority(), clock.now());
    for (const auto& serial : revoked) lost.revoke(serial, clock.now());
    write_files("live", of, lost);
  }
  std::filesystem::path copy_of_authority() {
    std::filesystem::copy(folder / "authority", folder / "lost", std::filesystem::copy_options::recursive);
    return folder / "lost";
  }
  void keep() { keep_revocations(store, authority, folder / "own", folder / "live"); }
  std::vector<std::string> still_live() {
    std::vector<std::string> ids;
    for (const auto& node : store.run_sync([](store::Session& s) { return store::list_live_nodes(s); })) ids.push_back(node.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  std::set<std::string> notes() {
    std::set<std::string> all;
    for (const auto& note : store.run_sync([](store::Session& s) { return store::list_hold_notes(s); })) all.insert(note.kind + " " + note.id);
    return all;
  }
};

using Ids = std::vector<std::string>;

}  // namespace

TEST_CASE("a board that was revoked after the backup stays revoked") {
  Restored restored;
  const auto serial = restored.serials["n-two"];
  restored.live({"n-one", "n-three"}, {serial});
  restored.keep();
  CHECK(restored.still_live() == Ids{"n-one", "n-three"});
  CHECK(restored.notes() == std::set<std::string>{"revoked_certificate " + serial, "revoked_node n-two"});
  REQUIRE(restored.authority.revoked().size() == 1);
  CHECK(restored.authority.revoked()[0].serial == serial);
  CHECK(CertificateAuthority::open_or_create(restored.folder / "authority", restored.clock.now()).revoked().size() == 1);
}

TEST_CASE("a board that was revoked stays revoked also where another authority was begun since") {
  struct Row {
    const char* name;
    bool made_before;  ///< the backup has it, although no key set listed it yet
    bool alone;        ///< it has taken the first one's place by then
  };
  for (const auto& row : {Row{"after the backup", false, false}, Row{"before the backup", true, false}, Row{"before the backup, and it is the only one", true, true}}) {
    INFO(row.name);
    Restored restored;
    const auto serial = restored.serials["n-two"];
    const auto text = [](const std::string& pem) { return protocol::authority_text(pem).value(); };
    if (row.made_before) CertificateAuthority::make_next(restored.folder / "authority", restored.clock.now());
    restored.clock.tick(std::chrono::hours(24));
    const auto place = restored.copy_of_authority();
    const auto next = CertificateAuthority::make_next(place, restored.clock.now());
    auto lost = CertificateAuthority::open_or_create(place, restored.clock.now());
    REQUIRE(lost.follow({{text(next), text(lost.certificate_pem())}}));
    if (row.alone) REQUIRE(lost.follow({{text(next)}}));
    lost.revoke(serial, restored.clock.now());
    restored.write_files("live", {"n-one", "n-three"}, lost);
    restored.keep();
    CHECK(restored.still_live() == Ids{"n-one", "n-three"});
    CHECK(restored.notes().contains("revoked_certificate " + serial));
    CHECK(restored.authority.revoked().size() == 1);
  }
}

TEST_CASE("a board without rights on the broker is retired, one that only got newer keys is not, and one that is unknown is noted") {
  Restored restored;
  restored.live({"n-one", "n-three", "n-new"}, {restored.serials["n-three"]});
  restored.keep();
  CHECK(restored.still_live() == Ids{"n-one", "n-three"});
  CHECK(restored.authority.revoked().size() == 1);
  CHECK(restored.notes().contains("unknown_node n-new"));
}

TEST_CASE("a board that was added during the hold, before the broker's files were written anew, stays") {
  Restored restored;
  restored.live({"n-one", "n-three"});
  restored.store.write_sync(store::system_actor(), [](store::Transaction& t) { store::add_node(t, store::Province::node("n-later", "code-later", "hue")); });
  const bool ended = GENERATE(false, true);
  CAPTURE(ended);
  if (ended) restored.store.write_sync(store::system_actor(), [](store::Transaction& t) { store::end_recovery_hold(t); });
  restored.keep();
  CHECK(restored.still_live() == Ids{"n-later", "n-one", "n-three"});
}

TEST_CASE("nothing is retired by the word of broker files that are older, another's, broken or missing, and that is noted") {
  Restored restored;
  SECTION("older than the backup") { restored.live({"n-one"}, {}, std::chrono::hours(-24)); }
  SECTION("of another authority") {
    restored.clock.tick(std::chrono::hours(24));
    restored.write_files("live", {"n-one"}, CertificateAuthority::open_or_create(restored.folder / "other", restored.clock.now()));
  }
  SECTION("without rights") {
    restored.live({"n-one"});
    std::filesystem::remove(restored.folder / "live/acl");
  }
  SECTION("missing") {}
  restored.keep();
  CHECK(restored.still_live() == Ids{"n-one", "n-three", "n-two"});
  CHECK(restored.notes() == std::set<std::string>{"no_broker_files " + (restored.folder / "live").string()});
}

TEST_CASE("looking again changes nothing more") {
  Restored restored;
  restored.live({"n-one", "n-three"}, {restored.serials["n-two"]});
  restored.keep();
  const auto notes = restored.notes();
  restored.keep();
  CHECK(restored.notes() == notes);
  CHECK(restored.still_live() == Ids{"n-one", "n-three"});
}
