#include "controller/authority/broker_reload.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <optional>
#include <stdexcept>
#include <system_error>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_conf.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"
#include "process/run.hpp"
#include "protocol/hash.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

constexpr const char* kUsualDataFolder = "/var/lib/loa/broker";  // as controller.toml has it

std::optional<process::Account> account_of(const std::string& owner) {
  if (owner.empty()) return std::nullopt;
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16 * 1024> texts{};
  if (getpwnam_r(owner.c_str(), &account, texts.data(), texts.size(), &found) != 0 || !found)
    throw std::runtime_error("no account named " + owner);
  return process::Account{account.pw_uid, account.pw_gid};
}

std::string own_name() {
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16 * 1024> texts{};
  return getpwuid_r(::geteuid(), &account, texts.data(), texts.size(), &found) == 0 && found ? found->pw_name : "";
}

// The broker's account gets what it must read and others must not: what it could change it could have mosquitto obey as root at its next start.
void write_set(const BrokerSet& set, const path& to, const std::optional<process::Account>& owner) {
  for (const char* name : kBrokerFiles) {
    const bool secret = std::string_view(name) == "server.key";
    write_file(to / name, set.at(name), secret ? 0600 : 0644);
    if (secret && owner && ::chown((to / name).c_str(), owner->user, owner->group) != 0)
      throw std::system_error(errno, std::generic_category(), "chown " + (to / name).string());
  }
}

/// A folder beside the live files, on the same disk, gone when this is. The broker's account may look into it and change nothing there.
class Scratch {
 public:
  explicit Scratch(const path& live) : folder_(live / ".new") {
    std::filesystem::remove_all(folder_);
    make_private_folder(folder_);
    if (::chmod(folder_.c_str(), 0711) != 0) throw std::system_error(errno, std::generic_category(), "chmod " + folder_.string());
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

bool is_live(const BrokerSet& set, const path& live, const std::string& digest) {
  const BrokerStatus status = read_broker_status(live);
  if (std::filesystem::exists(live / kRestartDueFile) || !status.installed || status.ready_sha256 != digest) return false;
  for (const char* name : kBrokerFiles)
    if (!std::filesystem::exists(live / name) || read_file(live / name) != set.at(name)) return false;
  return true;
}

BrokerConfBounds bounds_of(const ReloadSettings& settings) {
  BrokerConfBounds bounds{settings.live, settings.data, settings.owner.empty() ? own_name() : settings.owner};
  if (bounds.data_folder.empty()) bounds.data_folder = settings.pid_file.empty() ? path(kUsualDataFolder) : settings.pid_file.parent_path();
  return bounds;
}

std::optional<std::string> check_set(const BrokerSet& set, const ReloadSettings& settings, scheduler::TimePoint now) {
  if (auto wrong = check_broker_files(set, now)) return wrong;
  return check_broker_conf(set.at("mosquitto.conf"), bounds_of(settings));
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

std::string one_line(std::string text) {
  while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
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
  return ReloadOutcome{ReloadEnd::not_told, fmt::format("the files are in place, but the broker could not be told: {}: {} {}", fmt::join(argv, " "), outcome.message, one_line(outcome.err))};
}

ReloadOutcome signal_broker(const path& pid_file, int number, const char* done) {
  const auto pid = running_mosquitto(pid_file);
  const bool told = pid && ::kill(*pid, number) == 0;
  if (pid && !told && errno != ESRCH)
    return {ReloadEnd::not_told, fmt::format("the files are in place, but the broker (process {}) could not be told: {}", *pid, std::generic_category().message(errno))};
  if (!told) return {ReloadEnd::not_running, "no broker runs; it will read the files when it starts"};
  return {ReloadEnd::installed, fmt::format("the broker (process {}) was told {}", *pid, done)};
}

ReloadOutcome restart_broker(const ReloadSettings& settings) {
  if (const auto outcome = run_command(settings.restart, settings.restart_limit, "the broker was started anew, with other authorities"))
    return *outcome;
  return signal_broker(settings.pid_file, SIGTERM, "to end, so that it starts anew with other authorities");
}

bool other_authorities(const BrokerSet& set, const path& live) {
  return std::filesystem::exists(live / "ca.pem") && read_file(live / "ca.pem") != set.at("ca.pem");
}

}  // namespace

ReloadOutcome tell_broker(const ReloadSettings& settings) {
  if (const auto outcome = run_command(settings.command, settings.trial_limit, "the broker was told to read its files again")) return *outcome;
  return signal_broker(settings.pid_file, SIGHUP, "to read its files again");
}

ReloadOutcome reload_broker(const ReloadSettings& settings, scheduler::TimePoint now) {
  std::filesystem::create_directories(settings.live);
  std::string digest = "-";
  const auto say = [&](const std::string& text) { write_file(settings.live / "status", digest + "\n" + text + "\n", 0644); };
  const auto refuse = [&](const std::string& wrong) {
    say(wrong);
    return ReloadOutcome{ReloadEnd::refused, wrong};
  };
  BrokerSet set;
  try {
    set = read_broker_set(settings.source);  // once: what was checked is what is tried and put in place
  } catch (const std::exception& error) {
    return refuse(error.what());
  }
  if (const auto ready = set.find(kReadyFile); ready != set.end()) digest = protocol::sha256_hex(ready->second);
  if (const auto wrong = check_set(set, settings, now)) return refuse(*wrong);
  if (is_live(set, settings.live, digest)) return {ReloadEnd::unchanged, "the live files are those of the source folder"};
  const auto owner = account_of(settings.owner);
  const Scratch scratch(settings.live);
  write_set(set, scratch.folder(), owner);
  if (const auto wrong = try_broker({settings.mosquitto, settings.live, scratch.folder(), owner, settings.trial_limit})) return refuse(*wrong);
  const path restart_due = settings.live / kRestartDueFile;
  const bool anew = std::filesystem::exists(restart_due) || other_authorities(set, settings.live);
  if (anew) write_file(restart_due, "", 0644);  // before ca.pem takes its place: then nothing else would tell
  for (const char* name : kBrokerFiles) std::filesystem::rename(scratch.folder() / name, settings.live / name);
  ReloadOutcome outcome = anew ? restart_broker(settings) : tell_broker(settings);
  const bool told = outcome.end != ReloadEnd::not_told;
  if (told) std::filesystem::remove(restart_due);
  say(told ? "installed" : one_line(outcome.message));
  return outcome;
}

}  // namespace loa::authority
