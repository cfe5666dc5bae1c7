#include "controller/authority/key_request.hpp"

#include <catch2/catch.hpp>

#include "controller/authority/files.hpp"
#include "protocol/authorities.hpp"
#include "controller/authority/certificates.hpp"
#include "controller/authority/root_key.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/limits.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa;
using namespace loa::authority;
using namespace std::chrono_literals;
using Catch::Contains;
using protocol::MessageType;

namespace {

const scheduler::TimePoint kNow = *scheduler::parse_rfc3339("2026-11-24T06:00:00Z");

/// A root key on one machine and a controller on another; nothing but texts goes between them.
struct TwoMachines {
  tests::TempFolder here, there;
  std::filesystem::path root = here / "root.pem";
  std::filesystem::path controller = there / "controller";
  protocol::PublicKey pub = make_root(root);

  WantedKeys wanted(std::vector<std::string> branches) {
    WantedKeys keys;
    keys.branches = std::move(branches);
    return keys;
  }
  KeyChange asked(const KeyRequest& request) {
    const auto read = decode_key_request(encode(request)).value();
    return {read.key_set, read.keys, read.authorities, {}, false};
  }
  /// Request, signature and import, as three commands do it.
  ControllerKeys bring(const WantedKeys& keys, scheduler::TimePoint now, std::vector<std::string> revoke = {}, bool all = false) {
    auto change = asked(request_keys(controller, keys, now));
    change.revoke = std::move(revoke);
    change.revoke_all = all;
    return import_keys(controller, sign_key_set(root, change, now).jws, pub);
  }
};

}  // namespace

TEST_CASE_METHOD(TwoMachines, "keys come to a controller by file, and the root key never does") {
  const auto first = bring(wanted({"hue"}), kNow);
  CHECK(first.key_set.number == 1);
  REQUIRE(first.working.size() == 1);
  const auto secret = read_file(root);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(there.path()))
    if (entry.is_regular_file()) CHECK(read_file(entry.path()).find(secret.substr(30, 40)) == std::string::npos);
  const auto request = request_keys(controller, {}, kNow + 1h);
  const auto text = encode(request);
  CHECK(text.find("PRIVATE") == std::string::npos);
  REQUIRE(request.keys.size() == 1);
  CHECK(request.keys[0].branch == "hue");
  CHECK(request.key_set == first.key_set_jws);

  const auto second = bring({}, kNow + 2h);
  CHECK(second.key_set.number == 2);
  CHECK(second.working.size() == 2);
  const auto third = bring({}, kNow + 3h, {}, true);
  CHECK(third.key_set.number == 3);
  REQUIRE(third.working.size() == 1);  // all but the new one are revoked, and their private halves are gone
  for (const auto& key : third.key_set.keys) CHECK(key.revoked.has_value() == (key.kid != third.working[0].kid));
  protocol::KeyRing ring(pub);
  REQUIRE(ring.take(first.key_set_jws).has_value());
  REQUIRE(ring.take(third.key_set_jws).has_value());  // a node that was off meanwhile
  CHECK_FALSE(ring.counts(first.working[0].kid));
  CHECK(ring.counts(third.working[0].kid));
}

TEST_CASE_METHOD(TwoMachines, "keys are asked for by branch, message types and dates") {
  bring(wanted({"hue"}), kNow);
  auto alerts = wanted({"hue-19753", "hue-20056"});
  alerts.types = {MessageType::alert, MessageType::order};
  alerts.from = kNow + 24h;
  alerts.life = 48h;
  const auto keys = bring(alerts, kNow);
  REQUIRE(keys.key_set.keys.size() == 3);
  for (std::size_t i : {1, 2}) {
    const auto& key = keys.key_set.keys[i];
    CHECK(key.branch == alerts.branches[i - 1]);
    CHECK(key.may_sign == alerts.types);
    CHECK(key.not_before == kNow + 23h);  // an hour earlier, for a node whose clock is behind
    CHECK(key.not_after == kNow + 72h);
  }
  SECTION("successors follow branch and types of each key that may sign now") {
    const auto request = request_keys(controller, {}, kNow + 30h);
    REQUIRE(request.keys.size() == 3);
    CHECK(request.keys[2].branch == "hue-20056");
    CHECK(request.keys[2].may_sign == alerts.types);
    CHECK(request_keys(controller, {}, kNow + 100h).keys.size() == 1);
  }
  CHECK_THROWS_WITH(request_keys(controller, wanted({"Huế"}), kNow), Contains("not an area id"));
  CHECK_THROWS_WITH(request_keys(there / "new", {}, kNow), Contains("name the branch"));
}

TEST_CASE_METHOD(TwoMachines, "a number is never used twice, and no revocation is lost, whatever the controller still knows") {
  const auto first = bring(wanted({"hue"}), kNow);
  const auto backup = first.key_set_jws;
  const auto second = bring({}, kNow + 1h, {first.working[0].kid});
  // The controller came back from a backup, and asks on top of the first set.
  const auto fresh = there / "restored";
  import_keys(fresh, backup, pub);
  const auto request = request_keys(fresh, wanted({"hue"}), kNow + 2h);
  CHECK(request.key_set == backup);
  const auto third = sign_key_set(root, asked(request), kNow + 2h);
  CHECK(third.set.number == 3);
  CHECK(third.set.keys[0].revoked.has_value());
  CHECK(third.set.keys.size() == 3);
  SECTION("without the record beside the root key the set given is followed") {
    std::filesystem::remove(last_signed_file(root));
    const auto other = sign_key_set(root, asked(request), kNow + 3h);
    CHECK(other.set.number == 2);
    CHECK_THROWS_WITH(import_keys(controller, other.jws, pub), Contains("old_revision: key set 2 is not above 2"));
  }
  SECTION("revocation needs no word from the controller") {
    const auto fourth = sign_key_set(root, {"", {}, {}, {}, true}, kNow + 3h);
    CHECK(fourth.set.number == 4);
    for (const auto& key : fourth.set.keys) CHECK(key.revoked);
  }
  SECTION("where neither the record nor a set is there nothing is signed") {
    std::filesystem::remove(last_signed_file(root));
    CHECK_THROWS_WITH(sign_key_set(root, {"", {}, {}, {}, true}, kNow + 3h), Contains("no key set is known"));
  }
  SECTION("the same request signed twice lists its key once") {
    const auto again = sign_key_set(root, asked(request), kNow + 3h);
    CHECK(again.set.number == 4);
    CHECK(again.set.keys.size() == 3);
    CHECK(again.added.empty());
  }
}

TEST_CASE_METHOD(TwoMachines, "what cannot be signed is refused with its reason, and no number is used") {
  const auto first = bring(wanted({"hue"}), kNow);
  const auto request = request_keys(controller, {}, kNow);
  make_root(here / "foreign.pem");
  struct Row {
    const char* name;
    std::function<void(KeyChange&)> spoil;
    std::string says;
  };
  const std::vector<Row> rows{
      {"a set by another root",
       [&](KeyChange& change) {
         change.base = sign_key_set(here / "foreign.pem", {"", change.keys, {}, {}, false}, kNow).jws;
       },
       "the key set given: not a key set signed by this root: the signature"},
      {"a set that is cut short", [](KeyChange& change) { change.base.resize(change.base.size() - 20); }, "not a key set signed by this root"},
      {"an unknown key to revoke", [](KeyChange& change) { change.revoke = {"k9"}; }, "no key \"k9\" in key set 1"},
      {"a kid that stands for another key",
       [&](KeyChange& change) { change.keys[0].kid = first.working[0].kid; }, "stands for a key already"},
      {"two new keys of one kid",
       [](KeyChange& change) {
         change.keys.push_back(change.keys[0]);
         change.keys[1].public_key[0] ^= 1;
       },
       "stands for a key already"},
      {"a key under a second name",
       [&](KeyChange& change) { change.keys[0].public_key = first.key_set.keys[0].public_key; }, "again"},
      {"a key that may sign key sets", [](KeyChange& change) { change.keys[0].may_sign = {MessageType::keys}; }, "signed by the root alone"},
      {"a key that may sign nothing", [](KeyChange& change) { change.keys[0].may_sign.clear(); }, "may sign nothing"},
      {"a key that is revoked already", [](KeyChange& change) { change.keys[0].revoked = kNow; }, "asked for as revoked"},
      {"more keys than a set lists",
       [](KeyChange& change) {
         const auto one = change.keys[0];
         for (std::size_t i = 0; i < protocol::kMaxKeys; ++i) {
           change.keys.push_back(one);
           change.keys.back().kid += std::to_string(i);
           change.keys.back().public_key = protocol::PrivateKey::generate().public_key();
         }
       },
       "would list 66 keys where 64 are the most"},
      {"an authority that is none", [](KeyChange& change) { change.authorities = {{"AAAA"}}; }, "/authorities/0: not one certificate in DER"},
  };
  const auto before = read_file(last_signed_file(root));
  for (const auto& row : rows) {
    CAPTURE(row.name);
    auto change = asked(request);
    row.spoil(change);
    CHECK_THROWS_WITH(sign_key_set(root, change, kNow), Contains(row.says));
    CHECK(read_file(last_signed_file(root)) == before);
  }
  CHECK_THROWS_WITH(sign_key_set(controller / "keys" / "root.pub", asked(request), kNow), Contains("root.pub"));
}

TEST_CASE_METHOD(TwoMachines, "a revoked key cannot come back under another name") {
  const auto first = bring(wanted({"hue"}), kNow);
  const auto kid = first.working[0].kid;
  bring({}, kNow, {kid});
  auto change = asked(request_keys(controller, {}, kNow));
  change.keys[0].public_key = first.key_set.keys[0].public_key;
  CHECK_THROWS_WITH(sign_key_set(root, change, kNow), Contains("is the key " + kid + " again, which is revoked"));
}

TEST_CASE_METHOD(TwoMachines, "keys are forgotten a month after their end, when nothing that they signed plays any more") {
  auto shortly = wanted({"hue"});
  shortly.life = 24h;
  const auto first = bring(shortly, kNow);
  CHECK(bring(wanted({"hue"}), kNow + 24h + 30 * 24h).key_set.keys.size() == 2);
  const auto later = bring(wanted({"hue"}), kNow + 24h + 32 * 24h);
  CHECK(later.key_set.keys.size() == 2);
  for (const auto& key : later.key_set.keys) CHECK(key.kid != first.working[0].kid);
}

TEST_CASE_METHOD(TwoMachines, "an import that is refused changes nothing") {
  const auto first = bring(wanted({"hue"}), kNow);
  const auto second = bring({}, kNow + 1h);
  make_root(here / "foreign.pem");
  const auto foreign = sign_key_set(here / "foreign.pem", {"", second.key_set.keys, {}, {}, false}, kNow);
  const auto next = sign_key_set(root, {second.key_set_jws, {}, {}, {first.working[0].kid}, false}, kNow);
  struct Row {
    const char* name;
    std::string text;
    std::string says;
  };
  const std::vector<Row> rows{
      {"an older set", first.key_set_jws, "old_revision: key set 1 is not above 2"},
      {"a foreign root's", foreign.jws, "not a key set signed by this root"},
      {"cut short", next.jws.substr(0, next.jws.size() / 2), "not a key set signed by this root"},
      {"two in one file", next.jws + "\n" + next.jws, "not a key set signed by this root"},
      {"nothing", "", "not a key set signed by this root"},
      {"a request in place of a set", encode(request_keys(controller, {}, kNow)), "not a key set signed by this root"},
  };
  const auto before = read_file(key_set_file(controller));
  for (const auto& row : rows) {
    CAPTURE(row.name);
    CHECK_THROWS_WITH(import_keys(controller, row.text, {}), Contains(row.says));
    CHECK(read_file(key_set_file(controller)) == before);
    CHECK(load_keys(controller).working.size() == 2);
  }
  CHECK_THROWS_WITH(import_keys(controller, next.jws, read_public_key(root_public_file(here / "foreign.pem"))), Contains("another root key"));
  CHECK_THROWS_WITH(import_keys(there / "new", next.jws, {}), Contains("does not know its root key yet"));
  CHECK(import_keys(controller, second.key_set_jws, {}).key_set.number == 2);  // the very same again is harmless
  CHECK(import_keys(controller, next.jws + "\n", {}).working.size() == 1);
}

TEST_CASE_METHOD(TwoMachines, "who puts a set with another authority in place is told to make a backup, and one whose key is lost is named and stays listed") {
  bring(wanted({"hue"}), kNow);
  const auto first = CertificateAuthority::open_or_create(controller / "authority", kNow).certificate_pem();
  std::filesystem::copy(controller, there / "backup", std::filesystem::copy_options::recursive);
  const auto begin = [&](const std::filesystem::path& at) {
    WantedKeys none;
    none.none = true;
    auto request = request_keys(at, none, kNow + 1h);
    request.authorities = request_authorities(at, AuthorityChange::begin, kNow + 1h);
    return sign_key_set(root, asked(request), kNow + 1h).jws;
  };
  CHECK(note_on_authorities(controller, load_keys(controller).key_set).empty());
  const auto jws = begin(controller);
  const auto lost = import_keys(controller, jws, pub).key_set;
  REQUIRE(lost.authorities->size() == 2);
  CHECK_THAT(note_on_authorities(controller, lost), Contains("MAKE A BACKUP NOW: the authority Loa CA "));

  const auto backup = there / "backup";
  const auto held = import_keys(backup, jws, pub).key_set;
  CHECK_THAT(note_on_authorities(backup, held), Contains("IS NOT HERE") && !Contains("MAKE A BACKUP"));
  const auto third = import_keys(backup, begin(backup), pub).key_set;
  REQUIRE(third.authorities->size() == 3);
  CHECK(third.authorities->at(1) == protocol::authority_text(first).value());
  CHECK(third.authorities->at(2) == lost.authorities->at(0));
}

TEST_CASE("a request's file is read as strictly as a message") {
  tests::TempFolder folder;
  WantedKeys wanted;
  wanted.branches = {"hue"};
  const auto text = encode(request_keys(folder / "controller", wanted, kNow));
  REQUIRE(decode_key_request(text).has_value());
  struct Row {
    const char* name;
    std::string text;
    const char* code;
  };
  const auto with = [&](const std::string& part, const std::string& other) {
    auto changed = text;
    changed.replace(changed.find(part), part.size(), other);
    return changed;
  };
  const std::vector<Row> rows{
      {"cut short", text.substr(0, text.size() / 2), "malformed"},
      {"another format", with("\"v\":1", "\"v\":2"), "format_unknown"},
      {"another kind of file", with("key-request", "bundle"), "wrong_audience"},
      {"a field more", with("\"kind\"", "\"extra\":1,\"kind\""), "malformed"},
      {"a key twice", with("\"keys\":[", "\"keys\":[" + text.substr(text.find("{\"kid\""), text.rfind("]") - text.find("{\"kid\"")) + ","), "malformed"},
      {"a branch that is none", with("\"branch\":\"hue\"", "\"branch\":\"Huế\""), "malformed"},
      {"a type that is none", with("loa-head", "loa-hat"), "malformed"},
      {"larger than a bundle", text + std::string(protocol::kMaxBundle, ' '), "too_large"},
  };
  for (const auto& row : rows) {
    CAPTURE(row.name);
    const auto read = decode_key_request(row.text);
    REQUIRE_FALSE(read.has_value());
    CHECK(std::string(protocol::name_of(read.error().code)) == row.code);
  }
}
