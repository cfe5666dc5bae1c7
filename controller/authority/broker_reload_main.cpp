#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <system_error>

#include "controller/authority/broker_files.hpp"
#include "controller/authority/broker_reload.hpp"
#include "controller/authority/reload_reminders.hpp"
#include "protocol/clock.hpp"

namespace {

using namespace loa::authority;

constexpr int kRefused = 1;  // exit code: something is wrong with the files, or the broker could not be told
constexpr int kBroken = 2;   // exit code: it could not be done
constexpr std::chrono::milliseconds kRetry{60'000};

/// Sees when a new `ready` takes its place in a folder.
class ReadyWatch {
 public:
  explicit ReadyWatch(const std::filesystem::path& folder) : fd_(inotify_init1(IN_CLOEXEC | IN_NONBLOCK)) {
    if (fd_ < 0 || inotify_add_watch(fd_, folder.c_str(), IN_MOVED_TO | IN_CLOSE_WRITE | IN_DELETE_SELF) < 0)
      throw std::system_error(errno, std::generic_category(), "cannot watch " + folder.string());
  }
  ~ReadyWatch() { ::close(fd_); }
  ReadyWatch(const ReadyWatch&) = delete;
  ReadyWatch& operator=(const ReadyWatch&) = delete;

  /// Waits for the next one, at most until `end`: whether it came. Throws when the folder itself is gone.
  bool wait(std::chrono::steady_clock::time_point end) const {
    pollfd file{fd_, POLLIN, 0};
    while (true) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now()).count();
      if (poll(&file, 1, static_cast<int>(std::max<std::int64_t>(left, 0))) <= 0) return false;
      if (read_events()) return true;
    }
  }

 private:
  bool read_events() const {
    alignas(inotify_event) char buffer[4096];
    const ssize_t size = ::read(fd_, buffer, sizeof buffer);
    bool ready = false;
    for (ssize_t at = 0; at < size;) {
      const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
      if (event->mask & (IN_DELETE_SELF | IN_IGNORED)) throw std::runtime_error("the source folder is gone");
      ready = ready || (event->len > 0 && std::strcmp(event->name, kReadyFile) == 0);
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
    return ready;
  }
  int fd_;
};

ReloadEnd once(const ReloadSettings& settings) {
  const ReloadOutcome outcome = reload_broker(settings, loa::protocol::SystemClock().now());
  if (outcome.end == ReloadEnd::refused || outcome.end == ReloadEnd::not_told) {
    fmt::print(stderr, "{}: {}\n", outcome.end == ReloadEnd::refused ? "refused" : "not told", outcome.message);
    return outcome.end;
  }
  fmt::print("{}: {}\n", outcome.end == ReloadEnd::unchanged ? "unchanged" : "installed", outcome.message);
  std::fflush(stdout);
  return outcome.end;
}

void watch(const ReloadSettings& settings) {
  std::filesystem::create_directories(settings.source);
  const ReadyWatch changes(settings.source);  // before the first look, so that nothing falls between
  ReloadReminders reminders;
  reminders.installed(std::chrono::steady_clock::now());  // a run before may have been killed before it gave its own
  while (true) {
    if (std::filesystem::exists(settings.source / kReadyFile)) {
      const auto end = once(settings);
      if (end != ReloadEnd::refused && end != ReloadEnd::unchanged) reminders.installed(std::chrono::steady_clock::now());
    }
    const auto retry = std::chrono::steady_clock::now() + kRetry;
    while (!changes.wait(std::min(reminders.next().value_or(retry), retry)))
      if (reminders.take(std::chrono::steady_clock::now()))
        tell_broker(settings);
      else if (std::chrono::steady_clock::now() >= retry)
        break;
  }
}

}  // namespace

int main(int argc, char** argv) {
  ReloadSettings settings;
  bool watching = false;
  CLI::App app{"Checks the broker's files that the Loa controller wrote, puts them in place and tells the broker."};
  app.add_option("source", settings.source, "the controller's broker folder")->required();
  app.add_option("live", settings.live, "the broker's own folder")->required();
  app.add_option("--pid-file", settings.pid_file, "mosquitto's pid file, for SIGHUP");
  app.add_option("--command", settings.command, "a program and its arguments to run instead of sending SIGHUP");
  app.add_option("--restart", settings.restart, "a program and its arguments that start the broker anew, for other authorities; with --pid-file it is told to end without this");
  app.add_option("--data", settings.data, "the broker's data folder, where it is neither that of the pid file nor /var/lib/loa/broker");
  app.add_option("--owner", settings.owner, "the broker's account: it gets the private key, and the files are tried as it");
  app.add_option("--mosquitto", settings.mosquitto, "the mosquitto to try the files with")->capture_default_str();
  app.add_flag("--watch", watching, "stay, and do it again at each new set");
  CLI11_PARSE(app, argc, argv);
  try {
    settings.live = std::filesystem::absolute(settings.live).lexically_normal();
    for (auto* place : {&settings.pid_file, &settings.data})
      if (!place->empty()) *place = std::filesystem::absolute(*place).lexically_normal();
    if (settings.pid_file.empty() == settings.command.empty())
      throw std::invalid_argument("either --pid-file or --command is needed");
    if (!settings.command.empty() && settings.restart.empty())
      throw std::invalid_argument("--command needs --restart beside it");
    if (watching) watch(settings);
    const auto end = once(settings);
    return end == ReloadEnd::refused || end == ReloadEnd::not_told ? kRefused : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "loa-broker-reload: {}\n", error.what());
    return kBroken;
  }
}
