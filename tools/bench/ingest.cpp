// Play records from the broker to committed in the store: nodes publish signed log batches to a real
// mosquitto, the controller's Broadcaster verifies them, commits them and acknowledges them. Beside
// it SOCI's own bulk insert of the same rows.
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/vfs.h>

#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>

#include "controller/broadcast/broadcaster.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "tests/support/loop.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"
#include "tools/bench/measured_store.hpp"
#include "tools/bench/sending_nodes.hpp"

namespace {

using namespace loa;
using namespace std::chrono_literals;
using Seconds = std::chrono::duration<double>;

struct Options {
  int rows = 20'000;
  int most_batches = 2'000;
  int nodes = 16;
  std::vector<int> sizes{1, 20, 200};
  bool json = false;
  bool postgresql = false;
};

struct Figures {
  int batch = 0;
  int rows = 0;
  double loa = 0;           ///< rows a second, broker to committed
  double bare = 0;          ///< a transaction for each batch
  double bare_grouped = 0;  ///< as many batches a transaction as ingest takes at most
};

/// A key set of one key that may sign everything in `hue`.
std::shared_ptr<const authority::ControllerKeys> make_keys(protocol::TimePoint now) {
  using protocol::MessageType;
  auto keys = std::make_shared<authority::ControllerKeys>();
  keys->working.push_back({"k1", protocol::PrivateKey::generate()});
  protocol::SigningKey listed;
  listed.kid = "k1";
  listed.public_key = keys->working.front().key.public_key();
  listed.may_sign = {MessageType::head,  MessageType::plan,    MessageType::alert,
                     MessageType::order, MessageType::log_ack, MessageType::controller_state};
  listed.branch = "hue";
  listed.not_before = now - std::chrono::hours(24);
  listed.not_after = now + std::chrono::hours(24);
  keys->key_set.number = 1;
  keys->key_set.issued = now;
  keys->key_set.keys = {listed};
  keys->key_set_jws = protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(keys->key_set),
                                     protocol::PrivateKey::generate());
  return keys;
}

/// The controller's part: its broadcast room on a new store in `folder`, connected to the broker.
class Controller {
 public:
  Controller(const std::string& database, tests::Broker& broker,
             const std::vector<bench::LoggedNode>& logs)
      : store_(loop_.get_executor(), database, clock_),
        link_(loop_.get_executor(), broker.link_settings("controller")) {
    store_.write_sync(store::system_actor(), [&](store::Transaction& t) { bench::add_nodes(t, logs); });
    const broadcast::PlanSettings settings{{broker.address()}, {"https://localhost:1"}, {}};
    room_.emplace(store_, link_, make_keys(clock_.now()), settings, [this](const broadcast::Change& change) {
      if (change.kind == "occurrence") ++rows_;
    });
    std::exception_ptr error;
    bool loaded = false;
    boost::asio::co_spawn(loop_, room_->load(), [&](std::exception_ptr thrown) {
      error = thrown;
      loaded = true;
    });
    tests::run_until(
        loop_, [&] { return loaded; }, 30s);
    if (error) std::rethrow_exception(error);
    room_->start();
    if (!tests::run_until(
            loop_, [this] { return link_.connected() && room_->idle() && room_->health().waiting == 0; },
            60s))
      throw std::runtime_error("the controller does not come to rest");
  }
  ~Controller() { room_.reset(); }

  /// Seconds until `rows` rows are committed after `begin` was called.
  double until_committed(int rows, const std::function<void()>& begin) {
    const auto begun = std::chrono::steady_clock::now();
    begin();
    if (!tests::run_until(
            loop_, [&] { return rows_ >= rows; }, 300s))
      throw std::runtime_error(fmt::format("{} of {} rows came within 300 s", rows_, rows));
    return Seconds(std::chrono::steady_clock::now() - begun).count();
  }

 private:
  boost::asio::io_context loop_;
  protocol::SystemClock clock_;
  store::Store store_;
  protocol::MosquittoLink link_;
  std::optional<broadcast::Broadcaster> room_;
  int rows_ = 0;
};

Figures measure(const Options& options, int size) {
  Figures figures{size, std::min(options.rows, size * options.most_batches)};
  const auto logs = bench::make_logs(options.nodes, figures.rows, size);
  const tests::TempFolder folder;
  std::vector<std::string> ids;
  for (const auto& log : logs) ids.push_back(log.id);
  tests::Broker broker(folder.path(), ids);
  broker.start();
  const double rows = figures.rows;
  {
    Controller controller(tests::store_url(folder / "loa.db"), broker, logs);
    bench::SendingNodes nodes(broker, logs);
    figures.loa = rows / controller.until_committed(figures.rows, [&] { nodes.begin(); });
  }
  figures.bare = rows / bench::bare_insert(tests::store_url(folder / "bare.db"), logs, 1);
  figures.bare_grouped =
      rows / bench::bare_insert(tests::store_url(folder / "grouped.db"), logs, broadcast::Ingest::kBatchesAtOnce);
  return figures;
}

void print(const Figures& f, const Options& options, bool first) {
  if (options.json)
    return fmt::print(
        R"({}{{"batch":{},"rows":{},"nodes":{},"rows_per_s":{:.0f},"bare_rows_per_s":{:.0f},"ratio":{:.3f},)"
        R"("bare_grouped_rows_per_s":{:.0f},"ratio_grouped":{:.3f}}})",
        first ? "[" : ",\n ", f.batch, f.rows, options.nodes, f.loa, f.bare, f.loa / f.bare, f.bare_grouped,
        f.loa / f.bare_grouped);
  if (first)
    fmt::print("{:>6} {:>7} {:>6} {:>12} {:>12} {:>7} {:>16} {:>7}\n", "batch", "rows", "nodes", "Loa rows/s",
               "bare rows/s", "ratio", "grouped rows/s", "ratio");
  fmt::print("{:>6} {:>7} {:>6} {:>12.0f} {:>12.0f} {:>7.2f} {:>16.0f} {:>7.2f}\n", f.batch, f.rows,
             options.nodes, f.loa, f.bare, f.loa / f.bare, f.bare_grouped, f.loa / f.bare_grouped);
  std::fflush(stdout);
}

void warn_of_memory_disk() {
  constexpr long kTmpfs = 0x01021994;
  struct statfs kind {};
  if (::statfs(std::filesystem::temp_directory_path().c_str(), &kind) == 0 && kind.f_type == kTmpfs)
    fmt::print(
        stderr,
        "bench-ingest: the temporary folder is in memory, where nothing waits for a disk: set TMPDIR\n");
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app(
      "Play records a second from broker to committed in the store, beside SOCI's bare bulk insert of the "
      "same rows.\n"
      "`bare` commits each batch, as the figure's peer; `grouped` commits as many batches at once as the "
      "controller may.");
  app.add_option("--rows", options.rows, "rows for each batch size")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--most-batches", options.most_batches, "fewer rows where they make more batches")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  app.add_option("--nodes", options.nodes, "nodes that send at once, each one batch at a time")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--batch", options.sizes, "rows of a batch; may be repeated")
      ->check(CLI::Range(1, 200))
      ->capture_default_str();
  app.add_flag("--postgresql", options.postgresql, "keep the stores on a PostgreSQL server of its own instead of SQLite");
  app.add_flag("--json", options.json, "print JSON");
  CLI11_PARSE(app, argc, argv);
  spdlog::set_level(spdlog::level::warn);
  warn_of_memory_disk();
  ::setenv("LOA_TEST_STORE", options.postgresql ? "postgresql" : "sqlite", 1);
  try {
    bool first = true;
    for (const int size : options.sizes) {
      print(measure(options, size), options, first);
      first = false;
    }
    if (options.json) fmt::print("]\n");
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-ingest: {}\n", error.what());
    return 1;
  }
}
