#include "controller/store_guard.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/post.hpp>
#include <charconv>
#include <optional>

#include "controller/authority/files.hpp"
#include "controller/store/copy_store.hpp"
#include "controller/store/database_url.hpp"
#include "controller/store/plans.hpp"
#include "controller/store/recovery_hold.hpp"

namespace loa::controller {

namespace {

namespace fs = std::filesystem;

constexpr const char* kRuns = "runs";
constexpr const char* kAdvice = "Nothing was changed. Keep the file, and restore the newest backup (docs/recovery.md)";

std::optional<fs::path> sqlite_file(const Settings& settings) {
  const auto place = store::parse_database_url(settings.database_url());
  if (place.kind != store::DatabaseUrl::Kind::sqlite) return std::nullopt;
  return place.target;
}

}  // namespace

ServedStore::ServedStore(const Settings& settings) : x_file(settings.state / "served-store") {
  if (fs::exists(x_file)) {
    const auto text = authority::read_file(x_file);
    const auto read = std::from_chars(text.data(), text.data() + text.size(), x_runs);
    x_open = read.ec == std::errc{} && std::string_view(read.ptr, text.data() + text.size() - read.ptr) == " open\n";
  }
  const auto file = sqlite_file(settings);
  if (!file) return;
  std::error_code missing;
  const auto bytes = fs::file_size(*file, missing);
  if (missing || bytes == 0) {
    if (x_runs == 0) return;
    throw StoreDamaged(fmt::format("store: {} is {}, although this controller has served it before. {}", file->string(), missing ? "missing" : "empty", kAdvice));
  }
  x_log_is_gone = x_open && !fs::exists(file->string() + "-wal");
  if (const auto damage = store::find_damage(*file); !damage.empty()) throw StoreDamaged(fmt::format("store: {}. {}", damage, kAdvice));
  // The look took over what stood in the log and closed it: whatever keeps this start from going on, the next one need not miss it.
  if (x_open && !x_log_is_gone) keep("closed");
}

void ServedStore::begin_run(store::Store& store) {
  const auto remembered = x_runs;
  x_runs = store.write_sync(store::system_actor(), [&](store::Transaction& transaction) {
    const auto known = store::find_mark(transaction.session(), kRuns);
    std::string why;
    if (known < remembered)
      why = "the database is older than the one that this controller served last";
    else if (x_log_is_gone)
      why = "the database's write-ahead log is gone after a run that did not end in order: what was written last may be missing";
    if (!why.empty()) {
      spdlog::critical("store: {}: on hold", why);
      store::begin_recovery_hold(transaction, why, std::nullopt);
    }
    const auto runs = std::max(known, remembered) + 1;
    store::raise_mark(transaction, kRuns, runs);
    return runs;
  });
  keep("open");
  x_begun = true;
}

void ServedStore::end_run() const {
  if (x_begun) keep("closed");
}

void ServedStore::keep(const char* word) const { authority::write_file(x_file, fmt::format("{} {}\n", x_runs, word), 0600); }

StoreWatch::StoreWatch(boost::asio::any_io_executor loop, const Settings& settings)
    : x_loop(std::move(loop)), x_file(sqlite_file(settings).value_or("")), x_timer(x_loop) {}

StoreWatch::~StoreWatch() {
  x_alive.reset();
  x_thread.join();
}

void StoreWatch::start(std::chrono::milliseconds period) {
  if (x_file.empty()) return;
  x_timer.expires_after(period);
  x_timer.async_wait([this, period](const boost::system::error_code& error) {
    if (error) return;
    start(period);
    look();
  });
}

void StoreWatch::look(std::function<void()> done) {
  if (x_looking || x_file.empty()) return;
  x_looking = true;
  boost::asio::post(x_thread, [this, alive = std::weak_ptr(x_alive), loop = x_loop, file = x_file, done = std::move(done)] {
    auto found = store::find_damage(file);
    boost::asio::post(loop, [this, alive, found = std::move(found), done] {
      if (alive.expired()) return;
      if (!found.empty() && found != x_trouble) spdlog::critical("store: {}", found);
      x_trouble = found;
      x_looking = false;
      if (done) done();
    });
  });
}

}  // namespace loa::controller
