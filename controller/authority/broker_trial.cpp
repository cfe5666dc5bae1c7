#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <sstream>
#include <system_error>

#include "controller/authority/broker_check.hpp"
#include "controller/authority/broker_files.hpp"
#include "controller/authority/files.hpp"
#include "process/run.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

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
  std::string trial = "persistence false\nlog_dest stdout\nlog_type all\n";
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

std::string first_words(const std::string& text) { return text.substr(0, 500); }

}  // namespace

std::optional<std::string> try_broker(const path& mosquitto, const path& folder, const path& live, const path& scratch,
                                      std::chrono::milliseconds limit) {
  std::string complaint;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    write_file(scratch / "trial.conf", trial_conf(read_file(folder / "mosquitto.conf"), live, scratch, free_port()), 0644);
    process::Command command;
    command.argv = {mosquitto.string(), "-c", (scratch / "trial.conf").string()};
    process::Limits limits;
    limits.wall = limit;
    limits.memory_bytes = 0;
    limits.open_files = 1024;
    std::stop_source stop;
    bool up = false;
    complaint.clear();
    const auto outcome = process::run(command, limits, stop.get_token(), [&](std::string_view line) {
      if (line.find(" running") != std::string_view::npos) {
        up = true;
        stop.request_stop();
      } else if (!up && line.find("rror") != std::string_view::npos) {
        complaint += (complaint.empty() ? "" : "; ") + std::string(line);
      }
    });
    if (up) return std::nullopt;
    if (complaint.empty()) complaint = outcome.err.empty() ? outcome.message : outcome.err;
    if (complaint.find("Address already in use") == std::string::npos) break;
  }
  return "mosquitto does not start with these files: " + first_words(complaint);
}

}  // namespace loa::authority
