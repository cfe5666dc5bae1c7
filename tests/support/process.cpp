#include "tests/support/process.hpp"

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

extern char** environ;

namespace loa::tests {

namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

constexpr auto kLook = 5ms;  // between two looks at a child or its files

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::optional<std::string> line_with(const std::string& text, const std::string& wanted) {
  const std::size_t at = text.find(wanted);
  if (at == std::string::npos) return std::nullopt;
  const std::size_t end = text.find('\n', at);
  if (end == std::string::npos) return std::nullopt;  // not written to its end yet
  const std::size_t begin = text.rfind('\n', at) == std::string::npos ? 0 : text.rfind('\n', at) + 1;
  return text.substr(begin, end - begin);
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> list;
  for (auto& text : texts) list.push_back(text.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> with_own_environment(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;  // the first of two equal names counts
  for (char** one = environ; *one; ++one) all.emplace_back(*one);
  return all;
}

}  // namespace

Process::Process(std::vector<std::string> argv, Options options)
    : out_(options.folder / (options.name + ".out")), err_(options.folder / (options.name + ".err")) {
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, 1, out_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err_.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (!options.working_folder.empty())
    posix_spawn_file_actions_addchdir_np(&actions, options.working_folder.c_str());
  auto environment = with_own_environment(options.environment);
  const int error = posix_spawnp(&pid_, argv[0].c_str(), &actions, nullptr, pointers(argv).data(),
                                 pointers(environment).data());
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0) throw std::system_error(error, std::generic_category(), "cannot start " + argv[0]);
}

Process::~Process() {
  if (pid_ > 0) kill();
}

Process::Process(Process&& other) noexcept { *this = std::move(other); }

Process& Process::operator=(Process&& other) noexcept {
  if (this == &other) return *this;
  if (pid_ > 0) kill();
  pid_ = std::exchange(other.pid_, -1);
  ended_ = other.ended_;
  out_ = other.out_;
  err_ = other.err_;
  return *this;
}

bool Process::running() { return !wait(0ms); }

void Process::signal(int number) {
  if (running()) ::kill(pid_, number);
}

std::optional<int> Process::wait(std::chrono::milliseconds limit) {
  const auto until = Steady::now() + limit;
  while (!ended_) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_)
      ended_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    else if (Steady::now() >= until)
      return std::nullopt;
    else
      std::this_thread::sleep_for(kLook);
  }
  return ended_;
}

void Process::kill() {
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  wait(10s);
}

int Process::stop(std::chrono::milliseconds limit) {
  signal(SIGTERM);
  if (!wait(limit)) kill();
  return ended_.value_or(-1);
}

std::string Process::out() const { return content(out_); }
std::string Process::err() const { return content(err_); }

std::optional<std::string> Process::wait_for_line(const std::string& text, std::chrono::milliseconds limit) {
  const auto until = Steady::now() + limit;
  while (true) {
    const bool last = !running() || Steady::now() >= until;
    if (auto line = line_with(out(), text)) return line;
    if (auto line = line_with(err(), text)) return line;
    if (last) return std::nullopt;
    std::this_thread::sleep_for(kLook);
  }
}

std::uint16_t free_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) ::close(fd);
  if (!bound) throw std::runtime_error("no free port");
  return ntohs(address.sin_port);
}

}  // namespace loa::tests
