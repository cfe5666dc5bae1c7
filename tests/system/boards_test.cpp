#include <algorithm>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/system/board.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

/// Three places with boards that have joined.
struct Boards : Village {
  Boards() {
    add_node("PX-01", kWard);
    add_node("PX-02", kWard);
    add_node("AL-01", kCommune);
    for (const char* code : {"PX-01", "PX-02", "AL-01"}) start_node(code);
    const bool ready = nodes_ready(40s) && eventually(30s, [this] {
                         for (const char* code : {"PX-01", "PX-02", "AL-01"})
                           if (own_keys_of(*this, code).is_null()) return false;
                         return true;
                       });
    INFO(last_words());
    REQUIRE(ready);
  }
  Impostor with_own_keys(const std::string& code) {
    const auto own = own_keys_of(*this, code);
    const auto text_of = [&](const char* name) { return std::string(own.at(name).as_string()); };
    return Impostor(*this, node_id(code), bundle_of(*this, code).ca_pem, text_of("certificate_pem"), text_of("tls_key_pem"), text_of("signing_key_pem"));
  }
  /// How many messages of a node were refused, by the controller's count.
  std::int64_t refused(const std::string& id) {
    std::int64_t count = 0;
    const auto list = admin().get("/refusals");
    for (const auto& one : list.at("items").as_array())
      if (text(one, "node") == id) count += one.at("count").as_int64();
    return count;
  }
  std::vector<std::string> codes_that_played(const std::string& broadcast, std::size_t wanted) {
    std::vector<std::string> codes;
    for (const auto& record : wait_for_records("broadcast=" + broadcast, wanted, 40s))
      if (text(record, "outcome") == "played") codes.push_back(text(record, "node_code"));
    std::sort(codes.begin(), codes.end());
    return codes;
  }
};

using Codes = std::vector<std::string>;

}  // namespace

TEST_CASE_METHOD(Boards, "a revoked board loses every right on its live connection within five seconds, and comes to no other") {
  const auto id = node_id("PX-01");
  remove_node("PX-01");
  // What the test speaks with is the board's own: its certificate, its signing key, its live connection.
  auto board = with_own_keys("PX-01");
  REQUIRE(board.link.connect());
  const auto said = [&](const std::string& payload) { return board.link.publish(protocol::state_topic(id), payload); };
  const auto hears = [&] {
    board.link.messages.clear();
    board.link.link->unsubscribe(protocol::keys_topic());
    board.link.link->subscribe(protocol::keys_topic());
    return board.link.until([&] { return !board.link.messages.empty(); }, 400ms);
  };
  REQUIRE(hears());
  REQUIRE(said("garbage before"));
  REQUIRE(eventually(5s, [&] { return refused(id) > 0; }));

  const auto revoked = std::chrono::steady_clock::now();
  const auto done = loa("admin", {"node", "revoke", "PX-01"});
  INFO(done.err << last_words());
  REQUIRE(done.code == 0);
  auto last_heard = revoked;
  auto last_counted = revoked;
  auto counted = refused(id);
  for (auto now = revoked; now < revoked + 9s; now = std::chrono::steady_clock::now()) {
    if (hears()) last_heard = std::chrono::steady_clock::now();
    said("garbage after");
    if (const auto more = refused(id); more > counted) {
      counted = more;
      last_counted = std::chrono::steady_clock::now();
    }
  }
  const auto seconds = [&](auto moment) { return std::chrono::duration<double>(moment - revoked).count(); };
  WARN("after `node revoke` the board could read for " << seconds(last_heard) << " s and write for " << seconds(last_counted) << " s");
  CHECK(seconds(last_heard) < 5.0);
  CHECK(seconds(last_counted) < 5.0);
  CHECK(board.link.sessions.size() == 1);  // all of it on the live connection

  board.link.link->renew();
  // A connection that is reset before its alert was read tells nothing; the link goes on trying, and is told at one of the next.
  CHECK(board.link.until([&] {
    const auto& reasons = board.link.reasons;
    return std::any_of(reasons.begin(), reasons.end(), [](const auto& reason) { return reason.find("certificate revoked") != std::string::npos; });
  }));
  CHECK(board.link.sessions.size() == 1);
  CHECK(admin().request("GET", "/nodes/" + id).status == 404);

  const auto broadcast = schedule(approved_programme(), 6s);
  CHECK(codes_that_played(broadcast, 2) == Codes{"AL-01", "PX-02"});
}

TEST_CASE_METHOD(Boards, "a new board under the same code plays, and the place's history is kept", "[long]") {
  const auto programme = approved_programme();
  const auto first = schedule(programme, 6s);
  REQUIRE(codes_that_played(first, 3) == Codes{"AL-01", "PX-01", "PX-02"});

  const auto old_id = node_id("PX-01");
  const auto file = folder() / "new.bundle.json";
  const auto replaced = loa("admin", {"--json", "node", "replace", "PX-01", "--out", file.string()});
  INFO(replaced.err << last_words());
  REQUIRE(replaced.code == 0);
  const auto said = json::parse(replaced.out);
  CHECK(text(said, "before") == old_id);
  CHECK(replaced.out.find("PRIVATE KEY") == std::string::npos);
  CHECK((fs::status(file).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
  CHECK(loa("admin", {"node", "replace", "PX-01", "--out", file.string()}).code == 1);  // never over another

  node("PX-01").stop();
  equip("PX-01", text(said, "node"), whole_file(file));
  start_node("PX-01");
  REQUIRE(nodes_ready(40s));
  const auto second = schedule(programme, 6s);
  CHECK(codes_that_played(second, 3) == Codes{"AL-01", "PX-01", "PX-02"});
  const auto history = records("node=" + node_id("PX-01"));
  REQUIRE(history.size() == 2);
  CHECK(text(history[0], "node") == node_id("PX-01"));
  CHECK(text(history[1], "node") == old_id);
}

TEST_CASE("many nodes come from one CSV file, and one fault in it makes none") {
  Village village;
  const auto csv = village.folder() / "nodes.csv";
  const auto bundles = village.folder() / "bundles";
  const auto write = [&](const std::string& rows) { std::ofstream(csv, std::ios::trunc) << "code,name,area,lat,lon\n" << rows; };
  const auto import = [&] { return village.loa("admin", {"node", "import", csv.string(), "--bundles", bundles.string()}); };

  write("PX-01,Chợ,hue-19753,16.4,107.6\nPX-02,,nowhere,,\nPX-01,,hue-19753,,\n");
  const auto refused = import();
  INFO(refused.err << village.last_words());
  CHECK(refused.code == 1);
  CHECK_THAT(refused.err, Catch::Contains("line 3, area") && Catch::Contains("line 4, code"));
  CHECK(fs::is_empty(bundles));
  CHECK(village.admin().get("/nodes").at("items").as_array().empty());

  write("PX-01,Chợ,hue-19753,16.4,107.6\nAL-01,,hue-20056,,\n");
  const auto done = import();
  INFO(done.err);
  REQUIRE(done.code == 0);
  for (const char* code : {"PX-01", "AL-01"}) {
    const auto file = bundles / (std::string(code) + ".bundle.json");
    CHECK((fs::status(file).permissions() & fs::perms::mask) == (fs::perms::owner_read | fs::perms::owner_write));
    const auto bundle = protocol::decode_bundle(whole_file(file));
    REQUIRE(bundle.has_value());
    CHECK(bundle->code == code);
    village.equip(code, bundle->node, whole_file(file));
    village.start_node(code);
  }
  CHECK(village.nodes_ready(40s));
  CHECK(import().code == 1);  // the folder is not empty
  CHECK_THAT(import().err, Catch::Contains("not an empty folder"));
}
