#include "node-firmware/own_keys.hpp"

#include <sys/stat.h>

#include <boost/json.hpp>
#include <catch2/catch.hpp>

#include "controller/authority/certificates.hpp"
#include "node-firmware/own_certificate.hpp"
#include "protocol/base64url.hpp"
#include "test_node.hpp"

using namespace loa;
using namespace loa::tests;
using protocol::MessageType;

namespace {

const scheduler::TimePoint kNow = scheduler::from_ms(1'790'000'000'000);

struct Crash {};

/// A bundle of a real authority, and the answers of the controller that has it.
struct Joining {
  TempFolder folder;
  TestController controller;
  authority::CertificateAuthority authority = authority::CertificateAuthority::open_or_create(folder / "ca", kNow);
  node::Identity identity = make_identity();

  node::Identity make_identity() {
    auto bundle = controller.bundle();
    const auto made = authority.issue_client(bundle.node, kNow);
    bundle.tls_certificate_pem = made.certificate_pem;
    bundle.tls_key_pem = made.key_pem;
    bundle.ca_pem = authority.certificate_pem();
    auto key = protocol::PrivateKey::from_pem(bundle.signing_key_pem).value();
    return {std::move(bundle), std::move(key)};
  }
  node::OwnKeys keys(node::DiskHook hook = {}) { return node::OwnKeys(folder / "state", identity, std::move(hook)); }
  protocol::Result<void> take(node::OwnKeys& keys, const protocol::Certificate& certificate) {
    return keys.take(certificate, "the answer", identity.bundle.ca_pem);
  }
  protocol::Certificate answer(const protocol::CertificateRequest& request) {
    const auto issued = authority.issue_for_request(request.csr_pem, request.node, kNow);
    return {request.node, kNow, request.id, issued.certificate_pem, request.signing_key, controller.areas};
  }
};

/// What a node does from its start until it is in a session: the request that it sends, and whether it takes the answer and is heard.
void live(Joining& joining, node::OwnKeys& keys) {
  keys.choose(node::Monotonic{});
  if (keys.bundled() && !keys.coming()) keys.make_coming();
  if (const auto request = keys.request(kNow)) {
    const auto taken = joining.take(keys, joining.answer(*request));  // may throw the crash
    REQUIRE(taken.has_value());
  }
  keys.choose(node::Monotonic{});
  keys.proved();
}

mode_t mode_of(const std::filesystem::path& file) {
  struct stat status {};
  ::stat(file.c_str(), &status);
  return status.st_mode & 0777;
}

}  // namespace

TEST_CASE("a board's own keys come in three steps, and it then speaks with them alone") {
  Joining joining;
  auto keys = joining.keys();
  CHECK(keys.bundled());
  CHECK(keys.speaking().certificate_pem == joining.identity.bundle.tls_certificate_pem);
  CHECK_FALSE(keys.request(kNow));
  keys.make_coming();
  const auto request = keys.request(kNow).value();
  CHECK(protocol::verify(request.signing_key, protocol::proof_text(request), protocol::from_base64url(request.proof).value()));
  keys.choose({});
  CHECK(keys.speaking().certificate_pem == joining.identity.bundle.tls_certificate_pem);

  REQUIRE(joining.take(keys, joining.answer(request)).has_value());
  CHECK(keys.speaking().certificate_pem == joining.identity.bundle.tls_certificate_pem);  // not within a session
  keys.choose({});
  CHECK(keys.signing_key().public_key() == request.signing_key);
  CHECK(keys.bundled());
  CHECK_FALSE(keys.request(kNow));
  CHECK(mode_of(joining.folder / "state/coming-keys.json") == 0600);

  keys.proved();
  CHECK_FALSE(keys.bundled());
  CHECK_FALSE(keys.coming());
  CHECK(keys.issued() == kNow);
  CHECK(keys.speaking().answer == "the answer");
  CHECK(mode_of(joining.folder / "state/own-keys.json") == 0600);
  CHECK_FALSE(std::filesystem::exists(joining.folder / "state/coming-keys.json"));
  auto later = joining.keys();
  later.choose({});
  CHECK_FALSE(later.bundled());
  CHECK(later.signing_key().public_key() == request.signing_key);
}

TEST_CASE("a crash at any disk step of joining ends with keys of its own, asked for at most once") {
  int steps = 0;
  {
    Joining joining;
    auto keys = joining.keys([&steps](node::DiskStep) { ++steps; });
    live(joining, keys);
    REQUIRE_FALSE(keys.bundled());
  }
  REQUIRE(steps == 20);  // four files, five steps each
  for (int crash = 1; crash <= steps; ++crash) {
    INFO("crash at step " << crash);
    Joining joining;
    int step = 0;
    {
      auto keys = joining.keys([&](node::DiskStep) {
        if (++step == crash) throw Crash{};
      });
      CHECK_THROWS_AS(live(joining, keys), Crash);
    }
    const auto coming = node::read_whole(joining.folder / "state/coming-keys.json", 100'000);
    auto keys = joining.keys();
    if (coming && keys.coming()) {
      // Keys that reached the disk may have been asked for: they are the ones that are asked for again.
      keys.choose({});
      if (const auto request = keys.request(kNow)) CHECK_THAT(*coming, Catch::Contains(request->id));
    }
    live(joining, keys);
    CHECK_FALSE(keys.bundled());
    CHECK_FALSE(std::filesystem::exists(joining.folder / "state/coming-keys.json"));
  }
}

TEST_CASE("a certificate that is not the answer to the open request is refused, and why is said") {
  struct Row {
    const char* name;
    void (*change)(protocol::Certificate&, Joining&);
    const char* code;
    const char* says;
  };
  const Row rows[] = {
      {"of another request", [](auto& answer, auto&) { answer.request = "q-other"; }, "stale", "not open here"},
      {"for another signing key",
       [](auto& answer, auto& joining) { answer.signing_key = joining.controller.node_key.public_key(); }, "malformed", "not the key that the request named"},
      {"no certificate", [](auto& answer, auto&) { answer.certificate_pem = "text"; }, "malformed", "not a certificate"},
      {"of another key",
       [](auto& answer, auto& joining) { answer.certificate_pem = joining.authority.issue_client(answer.node, kNow).certificate_pem; }, "malformed",
       "not a certificate of the key"},
      {"of another node",
       [](auto& answer, auto& joining) {
         const auto kept = boost::json::parse(node::read_whole(joining.folder / "state/coming-keys.json", 100'000).value());
         const auto csr = node::make_csr(std::string(kept.at("tls_key_pem").as_string()), "n-other");
         answer.certificate_pem = joining.authority.issue_for_request(csr, "n-other", kNow).certificate_pem;
       },
       "malformed", "a certificate of another node, n-other"},
      {"of another authority",
       [](auto& answer, auto& joining) {
         auto keys = joining.keys();
         const auto request = keys.request(kNow).value();
         const auto other = authority::CertificateAuthority::open_or_create(joining.folder / "other", kNow);
         answer.certificate_pem = other.issue_for_request(request.csr_pem, request.node, kNow).certificate_pem;
       },
       "malformed", "not by the authority of the bundle"},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    Joining joining;
    auto keys = joining.keys();
    keys.make_coming();
    auto answer = joining.answer(keys.request(kNow).value());
    row.change(answer, joining);
    const auto taken = joining.take(keys, answer);
    REQUIRE(taken.has_error());
    CHECK(std::string(protocol::name_of(taken.error().code)) == row.code);
    CHECK_THAT(taken.error().message, Catch::Contains(row.says));
    keys.choose({});
    CHECK(keys.speaking().certificate_pem == joining.identity.bundle.tls_certificate_pem);
  }
}

TEST_CASE("new keys that bring no head are tried for ten minutes, then in turn with the ones before") {
  using namespace std::chrono_literals;
  Joining joining;
  auto keys = joining.keys();
  keys.make_coming();
  REQUIRE(joining.take(keys, joining.answer(keys.request(kNow).value())).has_value());
  const auto speaks_new = [&](node::Monotonic now) {
    keys.choose(now);
    return keys.speaking().certificate_pem != joining.identity.bundle.tls_certificate_pem;
  };
  CHECK(speaks_new(0s));
  CHECK(speaks_new(10min));
  CHECK_FALSE(speaks_new(10min + 1s));
  CHECK(keys.request(kNow));
  keys.proved();  // a head in a session that spoke with the old keys proves nothing
  CHECK(keys.bundled());
  CHECK(speaks_new(11min));
  CHECK_FALSE(speaks_new(12min));
}

TEST_CASE("where a damaged disk spoilt its own keys and their copy it says so, and the bundle's keys serve") {
  Joining joining;
  {
    auto keys = joining.keys();
    live(joining, keys);
  }
  node::write_durably(joining.folder / "state/own-keys.json", "{\"certificate_pem\":1}");
  CHECK_FALSE(joining.keys().bundled());  // the copy serves, and makes the file good
  CHECK(joining.keys().losses().empty());
  node::write_durably(joining.folder / "state/own-keys.json", "{\"certificate_pem\":1}");
  node::write_durably(joining.folder / "state/own-keys.json.copy", "");
  node::write_durably(joining.folder / "state/coming-keys.json", "not JSON");
  auto keys = joining.keys();
  CHECK(keys.bundled());
  CHECK(keys.losses().size() == 3);
  CHECK_FALSE(keys.coming());
  keys.make_coming();
  CHECK(keys.request(kNow));
}

TEST_CASE("keys of another node, whose folder this was, are not spoken with") {
  Joining joining;
  {
    auto keys = joining.keys();
    live(joining, keys);
  }
  joining.identity.bundle.node = "n-other";
  auto keys = joining.keys();
  CHECK(keys.bundled());
  CHECK_THAT(keys.losses().at(0).why, Catch::Contains("a certificate of another node"));
}
