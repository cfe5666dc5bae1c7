#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <stop_token>
#include <system_error>
#include <thread>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/files.hpp"
#include "process/run.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

using namespace std::chrono_literals;

constexpr const char* kLog = "trial.log";
constexpr std::size_t kMaxComplaint = 500;
constexpr auto kLook = 5ms;
constexpr int kTries = 3;  // the port that was free may be taken before mosquitto has it

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw std::system_error(errno, std::generic_category(), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  const int error = errno;
  ::close(fd);
  if (!bound) throw std::system_error(error, std::generic_category(), "bind");
  return ntohs(address.sin_port);
}

// The set's own configuration, with another port, its files in `scratch` and nothing kept.
std::string trial_conf(const std::string& conf, const path& live, const path& scratch, std::uint16_t port) {
  std::string trial = "persistence false\nlog_type all\nlog_dest stderr\nlog_dest file " + (scratch / kLog).string() + "\n";
  std::istringstream lines(conf);
  for (std::string line; std::getline(lines, line);) {
    const std::string key = line.substr(0, line.find(' '));
    if (key == "persistence" || key == "persistence_location" || key == "autosave_interval" || key == "pid_file" ||
        key == "log_dest" || key == "log_type")
      continue;
    if (key == "listener") line = fmt::format("listener {} 127.0.0.1", port);
    if (const std::size_t at = line.find(live.string() + "/"); at != std::string::npos)
      line.replace(at, live.string().size(), scratch.string());
    trial += line + "\n";
  }
  return trial;
}

// Asks the run to end once mosquitto has written that it runs: it then has read every file of the set.
void stop_when_up(const path& log, std::stop_source& stop, const std::stop_token& given_up, bool& up) {
  while (!given_up.stop_requested()) {
    std::error_code missing;
    if (std::filesystem::file_size(log, missing) > 0 && !missing) up = read_file(log).find(" running\n") != std::string::npos;
    if (up) break;
    std::this_thread::sleep_for(kLook);
  }
  stop.request_stop();
}

std::string complaints(const std::string& output) {
  std::string found;
  std::istringstream lines(output);
  for (std::string line; std::getline(lines, line);)
    if (line.find("Error") != std::string::npos) found += (found.empty() ? "" : "; ") + line.substr(line.find("Error"));
  return found.empty() ? output.substr(0, kMaxComplaint) : found.substr(0, kMaxComplaint);
}

}  // namespace

std::optional<std::string> try_broker(const BrokerTrial& trial) {
  const auto log = trial.scratch / kLog;
  std::string complaint;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    write_file(log, "", 0644);
    if (trial.account && ::chown(log.c_str(), trial.account->user, trial.account->group) != 0)
      throw std::system_error(errno, std::generic_category(), "chown " + log.string());
    write_file(trial.scratch / "trial.conf", trial_conf(read_file(trial.scratch / "mosquitto.conf"), trial.live, trial.scratch, free_port()), 0644);
    process::Command command;
    command.argv = {trial.mosquitto.string(), "-c", (trial.scratch / "trial.conf").string()};
    command.account = trial.account;
    process::Limits limits;
    limits.wall = trial.limit;
    limits.memory_bytes = 0;
    limits.open_files = 1024;
    std::stop_source stop;
    bool up = false;
    std::jthread watcher([&](const std::stop_token& given_up) { stop_when_up(log, stop, given_up, up); });
    const auto outcome = process::run(command, limits, stop.get_token());
    watcher.request_stop();
    watcher.join();
    if (up) return std::nullopt;
    complaint = outcome.err.empty() ? outcome.message : complaints(outcome.err);
    if (complaint.find("Address already in use") == std::string::npos) break;
  }
  return "mosquitto does not start with these files: " + complaint;
}

}  // namespace loa::authority
