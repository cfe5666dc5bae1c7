#include "controller/figures.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <regex>
#include <set>

#include "controller/metrics/exposition.hpp"
#include "process/run.hpp"
#include "tests/support/places.hpp"

using namespace loa::controller;
using namespace std::chrono_literals;
using loa::protocol::MessageType;
using loa::scheduler::from_ms;

namespace {

const loa::process::Tally kTally;

/// A controller of which something can be said everywhere.
Measured measured() {
  Measured m;
  m.now = from_ms(1'795'500'000'000);
  m.checks = {{"store", true}, {"broker", false}};
  m.broadcasting.nodes = {{loa::store::NodeStatus::ready, 7}, {loa::store::NodeStatus::unknown, 2}};
  m.broadcasting.plays = {{loa::scheduler::Outcome::played, 40}, {loa::scheduler::Outcome::failed, 1}};
  m.broadcasting.refused_by_nodes = {{"bad_signature", 3}};
  m.broadcasting.outbox = {1, 0, 0, 0, 0, 9};
  m.open_alarms = {{loa::store::AlarmKind::node_unheard, 2}};
  m.refusals = {{"bad_signature", 5}, {"stale", 1}};
  m.lifetimes = {{"broker", m.now, m.now + 24h, 1h}, {"crl", m.now, m.now + 48h, 1h}};
  loa::protocol::SigningKey old, next, revoked;
  old.kid = "k1";
  old.may_sign = {MessageType::plan, MessageType::head};
  old.not_after = m.now + 10s;
  next.kid = "k2";
  next.may_sign = {MessageType::plan};
  next.not_after = m.now + 20s;
  revoked = next;
  revoked.kid = "k3";
  revoked.not_after = m.now + 30s;
  revoked.revoked = m.now;
  m.keys = {4, m.now, {old, next, revoked}};
  m.backup = loa::recovery::Stamp{m.now - 1h, "/backup", {}, {}};
  m.http.answers = {0, 0, 90, 3, 4, 0};
  m.http.slow_header = 6;
  m.transcoders = m.speakers = &kTally;
  return m;
}

std::string text_of(const Measured& m) { return loa::metrics::exposition(figures_of(m, own_process())); }

std::string read(const std::filesystem::path& file) {
  std::ifstream in(file);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("each figure says what it says it says") {
  const auto text = text_of(measured());
  for (const char* line : {
           "loa_build_info{version=\"" LOA_VERSION "\"} 1",
           "loa_check_good{check=\"store\"} 1",
           "loa_check_good{check=\"broker\"} 0",
           "loa_nodes{state=\"ready\"} 7",
           "loa_nodes{state=\"unknown\"} 2",
           "loa_alarms_open{kind=\"node_unheard\"} 2",
           "loa_refusals_total{code=\"bad_signature\"} 5",
           "loa_refused_by_nodes_total{code=\"bad_signature\"} 3",
           "loa_plays_total{outcome=\"played\"} 40",
           "loa_outbox_waiting{priority=\"alert\"} 1",
           "loa_outbox_waiting{priority=\"plan\"} 9",
           "loa_certificate_not_after_timestamp_seconds{certificate=\"crl\"} 1795672800",
           "loa_key_set_number 4",
           "loa_key_not_after_timestamp_seconds{type=\"loa-head\"} 1795500010",
           "loa_key_not_after_timestamp_seconds{type=\"loa-plan\"} 1795500020",  // not the revoked one's
           "loa_backup_last_success_timestamp_seconds 1795496400",
           "loa_backup_last_failed 0",
           "loa_http_responses_total{class=\"2xx\"} 90",
           "loa_http_slow_clients_total{at=\"header\"} 6",
           "loa_children_ended_total{child=\"transcode\",end=\"confined\"} 0",
       })
    CHECK_THAT(text, Catch::Contains(std::string("\n") + line + "\n"));
}

TEST_CASE("of what is not known there is no figure, rather than a zero") {
  auto m = measured();
  m.backup.reset();
  m.keys.keys.clear();
  const auto text = text_of(m);
  CHECK(text.find("loa_backup") == std::string::npos);
  CHECK(text.find("loa_key_not_after") == std::string::npos);
}

TEST_CASE("however many codes the table of refusals holds, there are few series") {
  auto m = measured();
  for (int i = 0; i < 5'000; ++i) m.refusals["made_up_" + std::to_string(i)] = 1;
  const auto text = text_of(m);
  const std::regex series("\nloa_refusals_total\\{");
  CHECK(std::distance(std::sregex_iterator(text.begin(), text.end(), series), {}) == 61);
  CHECK_THAT(text, Catch::Contains("loa_refusals_total{code=\"others\"}"));
}

TEST_CASE("the process's own figures are those of the kernel") {
  const auto own = own_process();
  CHECK(own.resident_bytes > 1 << 20);
  CHECK(own.open_files >= 3);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  CHECK(own.started <= now + 1);
  CHECK(own.started > now - 600);
}

TEST_CASE("promtool has nothing to say against the names") {
  loa::process::Command command{.argv = {"promtool", "check", "metrics"}};
  command.stdin_text = text_of(measured());
  loa::process::Limits limits;
  limits.memory_bytes = 0;
  limits.open_files = 1024;
  const auto outcome = loa::process::run(command, limits);
  INFO(outcome.message << outcome.out << outcome.err);
  CHECK(outcome.ok());
  CHECK((outcome.out + outcome.err).empty());
}

TEST_CASE("the example rules and the documents name figures that exist, and the documents name them all") {
  const auto text = text_of(measured());
  std::set<std::string> there;
  const std::regex type("# TYPE ([a-z_]+) ");
  for (std::sregex_iterator it(text.begin(), text.end(), type), end; it != end; ++it) there.insert((*it)[1]);
  REQUIRE(there.size() > 15);
  const std::regex name("\\b(?:loa|process)_[a-z_]+[a-z]\\b(?=[\\[{ )`]|$)");
  for (const char* file : {"config/prometheus/loa-alerts.yml", "docs/operations.md"}) {
    const auto document = read(loa::tests::source_folder() / file);
    std::set<std::string> named;
    for (std::sregex_iterator it(document.begin(), document.end(), name), end; it != end; ++it) named.insert(it->str());
    REQUIRE(named.size() > 10);
    for (const auto& one : named) {
      INFO(file << " " << one);
      CHECK(there.count(one) == 1);
    }
    if (std::string(file) == "docs/operations.md") CHECK(named == there);
  }
}
