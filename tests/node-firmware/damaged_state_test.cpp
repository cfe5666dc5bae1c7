#include <catch2/catch.hpp>
#include <fstream>
#include <random>

#include "controller/authority/certificates.hpp"
#include "node-firmware/cache.hpp"
#include "node-firmware/command_line.hpp"
#include "protocol/limits.hpp"
#include "test_node.hpp"

// Every file that a board keeps × every damage that a disk does to it: the board starts, connects, takes a plan and plays it.

using namespace loa;
using namespace loa::tests;
using protocol::MessageType;
using std::filesystem::path;

namespace {

/// A board that has lived: keys of its own, others coming, a key set, a plan, alerts, a record, a clip.
struct OldBoard : TestNode {
  OldBoard() {
    const auto authority = authority::CertificateAuthority::open_or_create(folder / "ca", now());
    controller.ca_pem = authority.certificate_pem();
    join();
    node::Identity identity{controller.bundle(), protocol::PrivateKey::from_pem(controller.bundle().signing_key_pem).value()};
    kill();
    {
      node::OwnKeys keys(state(), identity);
      keys.make_coming();
      const auto request = keys.request(now()).value();
      const auto issued = authority.issue_for_request(request.csr_pem, request.node, now());
      REQUIRE(keys.take({request.node, now(), request.id, issued.certificate_pem, request.signing_key, controller.areas}, "answer", controller.ca_pem).has_value());
      keys.choose({});
      keys.proved();
      controller.node_key = protocol::PrivateKey::from_pem(keys.speaking().signing_key_pem).value();
      keys.make_coming();
    }
    std::filesystem::create_directories(state() / "clips");
    node::write_durably(state() / "clips" / (std::string(64, 'a') + ".opus"), "clip");
    node::write_durably(state() / "clips/verified.json", "{}");
    boot();
    connect();
    controller.add_key("k-2", "hue", {MessageType::plan});
    deliver(protocol::keys_topic(), controller.key_set());
    send_plan(planned(100, "b-1"));
    deliver(protocol::alert_topic("hue"), controller.alert(snapshot(50, {alert("l-1", 5s)})));
    pass(1min);
    REQUIRE(records().size() == 2);
    sessions = run->store.marks().session_number;
    kill();
  }
  path state() const { return folder.path() / "state"; }
  void join() {
    node::write_durably(folder / "bundle", protocol::encode(controller.bundle()));
    node::join(state(), folder / "bundle");
  }
  scheduler::Plan planned(std::int64_t revision, const std::string& broadcast) {
    auto made = plan(revision);
    made.occurrences = {occurrence(broadcast, now() + 20s, 10s)};
    return made;
  }
  std::int64_t sessions = 0;
};

std::string noise(std::size_t bytes) {
  std::mt19937 random(7);
  std::string text(bytes, ' ');
  for (auto& c : text) c = static_cast<char>(random());
  return text;
}

void put(const path& file, const std::string& bytes) {
  std::filesystem::remove_all(file);
  std::ofstream(file, std::ios::binary) << bytes;
}

void put_folder(const path& file) {
  std::filesystem::remove_all(file);
  std::filesystem::create_directories(file / "lost");
  put(file / "lost/found", "text");
}

std::string bytes_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

struct Damage {
  const char* name;
  void (*act)(const path&);
};

const std::vector<Damage> kDamages{
    {"empty", [](const path& file) { put(file, ""); }},
    {"huge", [](const path& file) { put(file, std::string(5 << 20, 'x')); }},
    {"random bytes", [](const path& file) { put(file, noise(9000)); }},
    {"cut in the middle", [](const path& file) {
       const auto bytes = bytes_of(file);
       put(file, bytes.substr(0, bytes.size() / 2));
     }},
    {"overwritten in the middle", [](const path& file) {
       auto bytes = bytes_of(file);
       bytes.replace(bytes.size() / 3, bytes.size() / 3, noise(bytes.size() / 3));
       put(file, bytes);
     }},
    {"a folder in its place", put_folder},
    {"unreadable", [](const path& file) {
       std::filesystem::remove_all(file);
       std::filesystem::create_symlink(file.filename(), file);  // to itself: not even root reads that
     }},
    {"gone", [](const path& file) { std::filesystem::remove_all(file); }},
    {"a folder where its next content is written", [](const path& file) { put_folder(file.string() + ".new"); }}};

struct Kept {
  const char* name;
  bool says = true;  ///< in the node's state, where it is damaged
};

// "clips" and "alerts" are folders: what is a file's damage is theirs as a whole.
const std::vector<Kept> kKept{{"bundle.json", false},  // said by join()
                              {"bundle.json.copy", false},
                              {"own-keys.json"},
                              {"own-keys.json.copy"},
                              {"coming-keys.json"},
                              {"keys.jws"},
                              {"keys.jws.copy"},
                              {"plan.jws"},
                              {"marks.json"},
                              {"heard-alerts.json", false},  // but in its log
                              {"alerts/hue.jws"},
                              {"alerts"},
                              {"node.db"},
                              {"node.db-wal", false},
                              {"node.db-shm", false},
                              {"node.db-journal", false},
                              {"clips", false},
                              {"clips/verified.json", false}};

/// Whether the damage leaves nothing that could be told from what a healthy board may have.
bool is_silent(const std::string& name, const std::string& damage) {
  if (damage == "gone" || damage == "a folder where its next content is written") return true;
  return name == "node.db" && damage == "empty";  // so a board looks that died at its very first write
}

// Folders have no middle, and a folder in the place of one is none the worse for it.
bool is_for_files_only(const std::string& damage) {
  return damage.find("middle") != std::string::npos || damage == "a folder in its place";
}

void check_cache(const path& state) {
  node::DiskHealth disk(state, [] { return std::chrono::nanoseconds(0); });
  node::Cache cache({state / "clips", {}, 1 << 20}, disk);
  const std::string sha(64, 'c');
  put(cache.part(sha), "clip");
  cache.accept(sha);
  CHECK(cache.playable(sha));
}

}  // namespace

TEST_CASE("no damage to any file that a board keeps stops it from starting, connecting and playing") {
  OldBoard board;
  const auto healthy = board.folder / "healthy";
  std::filesystem::copy(board.state(), healthy, std::filesystem::copy_options::recursive);
  const auto keys = board.controller.keys;
  for (const auto& kept : kKept)
    for (const auto& damage : kDamages) {
      if (is_for_files_only(damage.name) && (std::string(kept.name) == "alerts" || std::string(kept.name) == "clips")) continue;
      INFO(kept.name << ": " << damage.name);
      board.kill();
      std::filesystem::remove_all(board.state());
      std::filesystem::copy(healthy, board.state(), std::filesystem::copy_options::recursive);
      board.controller.keys = keys;
      damage.act(board.state() / kept.name);

      CHECK(node::join(board.state(), std::nullopt).bundle.node == TestController::kNode);
      board.boot();
      CHECK_FALSE(board.run->keys.bundled());
      board.connect();
      CHECK(board.run->store.marks().session_number > board.sessions);
      CHECK(board.last_state().key_set == keys.number);
      if (kept.says && !is_silent(kept.name, damage.name)) CHECK_FALSE(board.last_state().refusals.empty());

      board.send_plan(board.planned(200, "b-2"));
      board.controller.working.erase("k-3");
      board.controller.add_key("k-3", "hue", {MessageType::plan});
      board.deliver(protocol::keys_topic(), board.controller.key_set());
      board.deliver(protocol::alert_topic("hue"), board.controller.alert(board.snapshot(60, {})));
      board.pass(1min);
      CHECK(board.agent().state().plan_held == 200);
      const auto records = board.records();
      CHECK(std::any_of(records.begin(), records.end(), [](const auto& record) {
        return record.broadcast_id == "b-2" && record.outcome == scheduler::Outcome::played;
      }));
      board.kill();
      check_cache(board.state());

      board.boot();  // what was damaged is whole again
      board.connect();
      CHECK(board.last_state().refusals.empty());
      CHECK(node::join(board.state(), std::nullopt).losses.empty());
      CHECK(board.agent().state().plan_held == 200);
    }
}

TEST_CASE("what damage took is said in the state, with the file and what follows") {
  OldBoard board;
  put(board.state() / "marks.json", noise(9000));
  board.boot();
  board.connect();
  const auto said = board.last_state().last_refusal;
  REQUIRE(said);
  CHECK(said->code == "malformed");
  CHECK(said->where == "marks.json");
  CHECK_THAT(said->message, Catch::Contains("damaged on the board") && Catch::Contains("starting without"));
  CHECK(bytes_of(board.state() / "marks.json.damaged") == noise(9000));
}

TEST_CASE("a kept alert under a name that is none is nobody's") {
  OldBoard board;
  put(board.state() / "alerts/\xff\xfe.jws", noise(100));
  board.boot();
  board.connect();
  CHECK(board.last_state().refusals.empty());
}

TEST_CASE("records of a damaged log stay on the board, beside the new log") {
  OldBoard board;
  const auto before = bytes_of(board.state() / "node.db");
  auto spoilt = before;
  spoilt.replace(0, 100, std::string(100, 'x'));
  put(board.state() / "node.db", spoilt);
  board.boot();
  for (const auto& record : board.records()) CHECK(record.reason == "history_lost");  // it has forgotten what it played
  CHECK(bytes_of(board.state() / "node.db.damaged") == spoilt);
}

TEST_CASE("a bundle that is damaged with its copy is said to whoever starts the board") {
  OldBoard board;
  put(board.state() / "bundle.json", "");
  put(board.state() / "bundle.json.copy", noise(100));
  try {
    node::join(board.state(), std::nullopt);
    FAIL("joined");
  } catch (const node::JoinError& error) {
    CHECK(error.exit_code == node::kExitBundle);
    CHECK_THAT(error.what(), Catch::Contains("damaged, and its copy too"));
  }
  CHECK(node::join(board.state(), board.folder / "bundle").bundle.node == TestController::kNode);
}

TEST_CASE("a plan as large as the wire takes is held over a restart") {
  OldBoard board;
  board.boot();
  board.connect();
  auto plan = board.plan(300);
  std::string signed_plan;
  // Titles that do not compress, until the signed plan lies between the limit of half a mebibyte that the store once had, and the wire's.
  for (int i = 0; signed_plan.size() < 640 * 1024; ++i) {
    for (int more = 0; more < (signed_plan.size() < 500 * 1024 ? 100 : 10); ++more) {
      auto one = board.occurrence("b-" + std::to_string(i * 100 + more), board.now() + 1h + std::chrono::minutes(i * 100 + more), 10s);
      for (std::size_t n = 0; n < 480; ++n) one.title += static_cast<char>('!' + (i * 31 + more * 17 + n * n * 7 + n % 13 * i) % 90);
      plan.occurrences.push_back(std::move(one));
    }
    signed_plan = board.controller.plan(plan);
  }
  REQUIRE(signed_plan.size() <= protocol::kMaxPlanSigned);
  board.send_head(300);
  board.deliver(protocol::plan_topic(TestController::kNode), signed_plan, true);
  REQUIRE(board.agent().state().plan_held == 300);
  board.boot();
  CHECK(board.agent().state().plan_held == 300);
  CHECK(board.run->store.losses().empty());
}
