#include "controller/authority/broker_reload.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"
#include "process/run.hpp"
#include "protocol/hash.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

bool is_secret(const std::string& name) { return name == "server.key"; }

void give(const path& file, const std::string& owner) {
  if (owner.empty()) return;
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16 * 1024> texts{};
  if (getpwnam_r(owner.c_str(), &account, texts.data(), texts.size(), &found) != 0 || !found)
    throw std::runtime_error("no account named " + owner);
  if (::chown(file.c_str(), account.pw_uid, account.pw_gid) != 0)
    throw std::system_error(errno, std::generic_category(), "chown " + file.string());
}

void copy_set(const path& from, const path& to, const std::string& owner) {
  for (const char* name : kBrokerFiles) {
    write_file(to / name, read_file(from / name), is_secret(name) ? 0600 : 0644);
    give(to / name, owner);
  }
}

/// A folder beside the live files, on the same disk, gone when this is.
class Scratch {
 public:
  Scratch(const path& live, const std::string& owner) : folder_(live / ".new") {
    std::filesystem::remove_all(folder_);
    make_private_folder(folder_);
    give(folder_, owner);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const path& folder() const { return folder_; }

 private:
  path folder_;
};

bool is_live(const path& source, const path& live, const std::string& digest) {
  const BrokerStatus status = read_broker_status(live);
  if (!status.installed || status.ready_sha256 != digest) return false;
  for (const char* name : kBrokerFiles)
    if (!std::filesystem::exists(live / name) ||
        protocol::sha256_hex_of_file(live / name) != protocol::sha256_hex_of_file(source / name))
      return false;
  return true;
}

std::optional<pid_t> running_mosquitto(const path& pid_file) {
  if (!std::filesystem::exists(pid_file)) return std::nullopt;
  const std::string text = read_file(pid_file);
  int pid = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), pid);
  if (parsed.ec != std::errc{} || pid <= 1) return std::nullopt;
  const path name = path("/proc") / std::to_string(pid) / "comm";
  std::error_code gone;
  if (!std::filesystem::exists(name, gone)) return std::nullopt;
  // A pid file that outlived its broker may name any other program by now.
  return read_file(name) == "mosquitto\n" ? std::optional<pid_t>(pid) : std::nullopt;
}

std::optional<ReloadOutcome> run_command(const std::vector<std::string>& argv, std::chrono::milliseconds limit, const char* done) {
  if (argv.empty()) return std::nullopt;
  process::Limits limits;
  limits.wall = limit;
  limits.memory_bytes = 0;
  process::Command command;
  command.argv = argv;
  const auto outcome = process::run(command, limits);
  if (outcome.ok()) return ReloadOutcome{ReloadEnd::installed, done};
  return ReloadOutcome{ReloadEnd::not_running, argv.front() + ": " + outcome.message + " " + outcome.err};
}

ReloadOutcome signal_broker(const path& pid_file, int number, const char* done) {
  const auto pid = running_mosquitto(pid_file);
  if (!pid || ::kill(*pid, number) != 0)
    return {ReloadEnd::not_running, "no broker runs; it will read the files when it starts"};
  return {ReloadEnd::installed, fmt::format("the broker (process {}) was told {}", *pid, done)};
}

ReloadOutcome restart_broker(const ReloadSettings& settings) {
  if (const auto outcome = run_command(settings.restart, settings.trial_limit, "the broker was started anew, with other authorities"))
    return *outcome;
  return signal_broker(settings.pid_file, SIGTERM, "to end, so that it starts anew with other authorities");
}

bool other_authorities(const path& set, const path& live) {
  return std::filesystem::exists(live / "ca.pem") && read_file(live / "ca.pem") != read_file(set / "ca.pem");
}

}  // namespace

ReloadOutcome tell_broker(const ReloadSettings& settings) {
  if (const auto outcome = run_command(settings.command, settings.trial_limit, "the broker was told to read its files again")) return *outcome;
  return signal_broker(settings.pid_file, SIGHUP, "to read its files again");
}

ReloadOutcome reload_broker(const ReloadSettings& settings, scheduler::TimePoint now) {
  std::filesystem::create_directories(settings.live);
  const auto say = [&](const std::string& digest, const std::string& text) {
    write_file(settings.live / "status", digest + "\n" + text + "\n", 0644);
  };
  const path ready = settings.source / kReadyFile;
  const std::string digest = std::filesystem::exists(ready) ? protocol::sha256_hex_of_file(ready) : "-";
  auto wrong = check_broker_files(settings.source, now);
  if (!wrong && is_live(settings.source, settings.live, digest))
    return {ReloadEnd::unchanged, "the live files are those of the source folder"};
  const Scratch scratch(settings.live, settings.owner);
  if (!wrong) {
    copy_set(settings.source, scratch.folder(), settings.owner);
    // What was copied is what is tried and renamed; the source may have changed since it was checked.
    write_file(scratch.folder() / kReadyFile, read_file(ready), 0644);
    wrong = check_broker_files(scratch.folder(), now);
  }
  if (!wrong)
    wrong = try_broker(settings.mosquitto, scratch.folder(), settings.live, scratch.folder(), settings.trial_limit);
  if (wrong) {
    say(digest, *wrong);
    return {ReloadEnd::refused, *wrong};
  }
  const bool anew = other_authorities(scratch.folder(), settings.live);
  for (const char* name : kBrokerFiles) std::filesystem::rename(scratch.folder() / name, settings.live / name);
  ReloadOutcome outcome = anew ? restart_broker(settings) : tell_broker(settings);
  say(digest, "installed");
  return outcome;
}

}  // namespace loa::authority
