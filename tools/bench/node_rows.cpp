#include <soci/soci.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>

#include "controller/store/areas.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/session.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/packet.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/bench/spread.hpp"

// What the rows of nodes cost that most pages and each alert read, beside the bare nodes.
namespace {

using namespace loa;

constexpr int kCommune = 20;        ///< nodes of each
constexpr int kRevisions = 60;      ///< of each plan: a month's, of those that are kept
constexpr int kRetiredInFive = 1;  ///< boards that were replaced, of five

store::Area area(std::string id, std::string parent) {
  store::Area made;
  made.id = made.name = std::move(id);
  made.parent = std::move(parent);
  made.kind = made.parent.empty() ? "province" : "commune";
  return made;
}

protocol::State state_of(const std::string& node, const std::string& commune, store::TimePoint now) {
  protocol::State state;
  state.node = node;
  state.session = "s1";
  state.session_number = state.sequence = 1;
  state.issued = now;
  state.nonce = "AAAAAAAAAAAAAAAAAAAAAA";
  state.formats = {1};
  state.areas = {{"hue", 1}, {commune, 1}};
  state.version = "0.1.0";
  state.os = "Debian GNU/Linux 12";
  return state;
}

void fill(store::Session& session, int nodes, store::TimePoint now) {
  store::Transaction transaction(session, store::system_actor(), now);
  store::add_area(transaction, area("hue", ""));
  const auto key = protocol::PrivateKey::generate();
  std::string commune;
  for (int i = 0; i < nodes; ++i) {
    if (i % kCommune == 0) store::add_area(transaction, area(commune = "commune-" + std::to_string(i / kCommune), "hue"));
    const bool retired = i % 5 < kRetiredInFive;
    for (const auto& id : {"n-" + std::to_string(i), "n-before-" + std::to_string(i)}) {
      const bool before = id.starts_with("n-before");
      if (before && !retired) continue;
      store::Node node;
      node.id = id;
      node.code = id;
      node.name = id;
      node.area = commune;
      store::add_node(transaction, node);
      for (int revision = 1; revision <= kRevisions; ++revision) store::put_plan_revision(transaction, {id, revision, now, now, "content", "packet"});
      const auto state = state_of(id, commune, now);
      store::put_node_state(transaction, {state, now, protocol::pack(protocol::MessageType::state, id, protocol::encode(state), key)});
      if (before) store::retire_node(transaction, id);
    }
  }
  transaction.commit();
}

std::vector<double> timed(int runs, const std::function<std::size_t()>& read, std::size_t wanted) {
  std::vector<double> millis;
  for (int i = 0; i < runs; ++i) {
    const auto begun = std::chrono::steady_clock::now();
    if (read() != wanted) throw std::runtime_error("other rows than were made");
    millis.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begun).count());
  }
  return millis;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Reads the rows of nodes with their chains, settings, states and revisions, from SQLite"};
  int nodes = 2000, runs = 50;
  app.add_option("--nodes", nodes, "Live nodes, twenty in a commune")->check(CLI::Range(kCommune, store::kMostNodes));
  app.add_option("--runs", runs, "Readings of each kind")->check(CLI::Range(1, 10'000));
  CLI11_PARSE(app, argc, argv);
  tests::TempFolder folder;
  const auto session = store::open_session((folder / "loa.db").string());
  fill(*session, nodes, protocol::SystemClock().now());
  bench::print_head();
  const std::vector<std::string> all{"hue"}, one{"commune-0"};
  bench::print_row("rows of all nodes", timed(runs, [&] { return store::list_node_rows(*session, all).size(); }, static_cast<std::size_t>(nodes)));
  bench::print_row("all nodes alone", timed(runs, [&] { return store::list_nodes(*session, all).size(); }, static_cast<std::size_t>(nodes)));
  bench::print_row("rows of one commune", timed(runs, [&] { return store::list_node_rows(*session, one).size(); }, kCommune));
  bench::print_row("one commune alone", timed(runs, [&] { return store::list_nodes(*session, one).size(); }, kCommune));
}
