#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <map>
#include <optional>
#include <random>
#include <thread>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/kept_certificate.hpp"
#include "protocol/hash.hpp"
#include "tests/support/places.hpp"
#include "tests/system/board.hpp"

using namespace loa;
using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr int kKills = 40;

/// A place that gets one board after the other, each of which is revoked while something is killed.
struct Revocations : Village {
  std::map<std::string, std::string> barred;  ///< serial of every board that had to be barred, by its id
  std::mt19937 random{20261127};
  int calls = 0;

  Revocations() { add_node("PX-01", kWard); }

  /// `loa --json node …` as the admin, with how long it took.
  Process begin(std::vector<std::string> arguments) {
    std::vector<std::string> argv{(program_folder() / "loa").string(), "--session", (folder() / "admin.session").string(), "--json", "node"};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return Process(std::move(argv), {folder(), "killed-" + std::to_string(++calls), {}, {}});
  }
  std::optional<json::value> answer_of(Process& process) {
    return process.wait(60s) == 0 ? std::optional(json::parse(process.out())) : std::nullopt;
  }
  bool controller_answers() {
    return eventually(30s, [this] { return loa("admin", {"--json", "nodes"}).code == 0; });
  }
  /// A new board at the place; its bundle.
  protocol::Bundle new_board() {
    const auto file = folder() / ("board-" + std::to_string(++calls) + ".json");
    auto process = begin({"replace", "PX-01", "--out", file.string()});
    const auto made = answer_of(process);
    INFO(process.err() << last_words());
    REQUIRE(made.has_value());
    const bool told = made->at("barred").as_bool() || settles();  // a slow machine needs longer than an answer waits
    REQUIRE(told);
    return protocol::decode_bundle(whole_file(file)).value();
  }
  /// Whether the broker's files give a board no right: no block in the ACL, its certificate on the list.
  bool files_bar(const std::string& id, const std::string& serial) const {
    const auto crl = authority::crl_from_pem(whole_file(folder() / "live/crl.pem"));
    REQUIRE(crl);
    auto* entries = X509_CRL_get_REVOKED(crl.get());
    bool listed = false;
    for (int i = 0; i < sk_X509_REVOKED_num(entries); ++i) {
      const auto* number = X509_REVOKED_get0_serialNumber(sk_X509_REVOKED_value(entries, i));
      const authority::Handle<BIGNUM> value(ASN1_INTEGER_to_BN(number, nullptr));
      char* hex = BN_bn2hex(value.get());
      std::string text(hex);
      OPENSSL_free(hex);
      for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      listed = listed || text == serial;
    }
    return listed && whole_file(folder() / "live/acl").find("user " + id + "\n") == std::string::npos;
  }
  void check_that_nobody_came_back() const {
    for (const auto& [id, serial] : barred) {
      CAPTURE(id);
      CHECK(files_bar(id, serial));
    }
  }
  bool is_node(const std::string& id) { return admin().request("GET", "/nodes/" + id).status == 200; }
  /// Whether what the controller wrote last is what the broker was told.
  bool settles() {
    return eventually(30s, [this] {
      const auto status = authority::read_broker_status(folder() / "live");
      return status.installed && status.ready_sha256 == protocol::sha256_hex(whole_file(folder() / "controller/broker/ready"));
    });
  }
  bool can_connect(const protocol::Bundle& bundle) {
    Impostor board(*this, bundle);
    board.link.start();
    board.link.until([&] { return !board.link.sessions.empty() || board.link.reasons.size() >= 2; });
    return !board.link.sessions.empty();
  }
};

}  // namespace

TEST_CASE_METHOD(Revocations, "a revocation during which controller or helper are killed is never taken back, and its answer never says more than holds") {
  auto first = new_board();
  const auto begun = std::chrono::steady_clock::now();
  auto whole_run = begin({"revoke", first.node});
  REQUIRE(answer_of(whole_run));
  const auto whole = std::chrono::steady_clock::now() - begun;
  REQUIRE(settles());
  barred[first.node] = authority::certificate_serial(first.tls_certificate_pem);

  std::uniform_real_distribution<double> moment(0.0, 1.1);
  std::map<std::string, int> ends;
  for (int kill = 0; kill < kKills; ++kill) {
    const bool controller_dies = kill % 2 == 0;
    CAPTURE(kill, controller_dies);
    const auto bundle = new_board();
    const auto& id = bundle.node;
    const auto serial = authority::certificate_serial(bundle.tls_certificate_pem);
    if (kill % 10 == 0) CHECK(can_connect(bundle));

    auto revoke = begin({"revoke", id});
    std::this_thread::sleep_for(std::chrono::duration_cast<std::chrono::microseconds>(whole * moment(random)));
    (controller_dies ? controller() : reload()).kill();
    const bool helper_waits = kill % 4 == 3;  // it comes back only when the answer is there
    if (!controller_dies && !helper_waits) start_reload();
    const auto answer = answer_of(revoke);
    // What was answered holds at this moment, whoever is dead.
    const bool said_barred = answer && answer->at("barred").as_bool();
    if (said_barred) CHECK(files_bar(id, serial));
    check_that_nobody_came_back();

    if (helper_waits) start_reload();
    if (controller_dies) start_controller();
    const bool answers = controller_answers();
    INFO(last_words());
    REQUIRE(answers);
    check_that_nobody_came_back();
    if (answer) CHECK_FALSE(is_node(id));
    ++ends[std::string(controller_dies ? "controller" : "helper") + (said_barred ? ": barred" : answer ? ": revoked, not barred yet" : is_node(id) ? ": nothing" : ": revoked unsaid")];
    if (is_node(id)) {
      auto again = begin({"revoke", id});
      const auto done = answer_of(again);
      INFO(again.err());
      REQUIRE(done.has_value());
    }
    const bool settled = settles();
    REQUIRE(settled);
    barred[id] = serial;
    check_that_nobody_came_back();
    CHECK(eventually(8s, [&] { return !can_connect(bundle); }));  // a broker that lost the signal is told again after five seconds
  }
  for (const auto& [how, count] : ends) WARN(how << ": " << count);
}
