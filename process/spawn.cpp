#include "process/spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>
#include <utility>

namespace loa::process {

namespace {

struct Pipe {
  Fd read, write;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::system_error(errno, std::generic_category(), "pipe");
  return {Fd(ends[0]), Fd(ends[1])};
}

std::string path_of_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path ? path : "/usr/bin:/bin";
  while (true) {
    const auto end = rest.find(':');
    const std::string candidate = std::string(rest.substr(0, end)) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    if (end == std::string_view::npos) return {};
    rest.remove_prefix(end + 1);
  }
}

std::vector<std::string> environment_of(const Command& command) {
  std::vector<std::string> all{"LANG=C.UTF-8"};
  for (const char* name : {"PATH", "HOME"}) {
    const auto begin = std::string(name) + "=";
    const bool given = std::any_of(command.environment.begin(), command.environment.end(),
                                   [&](const std::string& entry) { return entry.compare(0, begin.size(), begin) == 0; });
    if (const char* value = std::getenv(name); value && !given) all.push_back(begin + value);
  }
  all.insert(all.end(), command.environment.begin(), command.environment.end());
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (auto& text : texts) all.push_back(text.data());
  all.push_back(nullptr);
  return all;
}

/// All that the child does between fork and exec. Only async-signal-safe calls: other threads of the parent
/// may have held any lock at the moment of the fork.
struct ChildSide {
  const char* program;
  char* const* argv;
  char* const* environment;
  const char* folder;
  pid_t parent;
  int in, out, err, report;
  const Walls* walls;
  const Account* account;

  /// For good: the real, effective and saved ids.
  bool become() const {
    return ::setgroups(1, &account->group) == 0 && ::setresgid(account->group, account->group, account->group) == 0 &&
           ::setresuid(account->user, account->user, account->user) == 0;
  }
  static bool limit(int what, rlim_t soft, rlim_t hard) {
    const rlimit both{soft, hard};
    return ::setrlimit(static_cast<__rlimit_resource>(what), &both) == 0;
  }

  bool prepare(const Limits& limits) const {
    if (::setpgid(0, 0) != 0) return false;
    if (account && !become()) return false;  // before the next line: a change of account undoes it
    // Bound to the thread that forked: run() stays on that thread until the child has ended.
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent) return false;
    for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
    sigset_t none;
    ::sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    if (::dup2(in, 0) < 0 || ::dup2(out, 1) < 0 || ::dup2(err, 2) < 0) return false;
    if (folder && ::chdir(folder) != 0) return false;
    const auto seconds = static_cast<rlim_t>(limits.cpu.count());
    // The kernel's wall is twice the watched resident memory: it stops one huge allocation that a look every
    // few milliseconds would miss.
    const rlim_t data = limits.memory_bytes * 2;
    return limit(RLIMIT_CORE, 0, 0) && limit(RLIMIT_CPU, seconds, seconds + 1) &&
           (data == 0 || limit(RLIMIT_DATA, data, data)) &&
           limit(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes) &&
           limit(RLIMIT_NOFILE, limits.open_files, limits.open_files);
  }

  [[noreturn]] void go(const Limits& limits) const {
    if (prepare(limits)) {
      // Everything is CLOEXEC here, but libraries elsewhere in the process may not be as careful.
      ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
      if (!walls || walls->enter()) ::execve(program, argv, environment);
    }
    const int error = errno;
    [[maybe_unused]] const auto written = ::write(report, &error, sizeof error);
    ::_exit(127);
  }
};

void set_nonblocking(const Fd& fd) { ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK); }

Started refused(const std::string& program, int error) {
  Started started;
  started.error = "cannot start " + program + ": " + std::strerror(error);
  return started;
}

/// Waits until exec has succeeded or failed, answering what a confined child asks meanwhile; the error number, 0 where it runs.
int wait_for_exec(const Fd& report, Started& started) {
  while (true) {
    std::array<pollfd, 2> fds{{{report.get(), POLLIN, 0}, {started.guard ? started.guard->listener() : -1, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), -1) < 0) continue;
    if (fds[0].revents) {
      int error = 0;
      ssize_t got = 0;
      while ((got = ::read(report.get(), &error, sizeof error)) < 0 && errno == EINTR) {
      }
      return got > 0 ? error : 0;
    }
    if (fds[1].revents & POLLIN) {
      if (auto attempt = started.guard->answer()) {
        started.attempt = std::move(*attempt);
        return 0;
      }
    } else if (fds[1].revents) {
      started.guard->close();
    }
  }
}

}  // namespace

Started spawn(const Command& command, const Limits& limits) {
  if (command.argv.empty()) return refused("nothing", EINVAL);
  const std::string program = path_of_program(command.argv.front());
  if (program.empty()) return refused(command.argv.front(), ENOENT);
  auto arguments = command.argv;
  auto environment = environment_of(command);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  Pipe in = make_pipe(), out = make_pipe(), err = make_pipe(), report = make_pipe();
  if (command.stdin_file) {
    in.read = Fd(::open(command.stdin_file->c_str(), O_RDONLY | O_CLOEXEC));
    if (!in.read.open()) return refused(command.stdin_file->string(), errno);
    in.write.close();
  }
  const std::string folder = command.folder.string();
  std::optional<Walls> walls;
  try {
    if (command.reach) walls.emplace(*command.reach, program);
  } catch (const std::exception& error) {
    Started started;
    started.error = "cannot start " + program + ", because it cannot be confined: " + error.what();
    return started;
  }
  const ChildSide child{
      program.c_str(),   argv.data(),   envp.data(),     folder.empty() ? nullptr : folder.c_str(),
      ::getpid(),        in.read.get(), out.write.get(), err.write.get(),
      report.write.get(), walls ? &*walls : nullptr, command.account ? &*command.account : nullptr};
  const pid_t pid = ::fork();
  if (pid < 0) return refused(program, errno);
  if (pid == 0) child.go(limits);
  ::setpgid(pid, pid);  // both sides do it, so that it holds whoever runs first
  report.write.close();
  Started started;
  if (walls) {
    walls->started();
    // A child that died, or could not enter, sends none and reports why.
    if (auto listener = walls->take_listener(); listener.open())
      started.guard = std::make_unique<CallGuard>(std::move(listener), pid, program, *command.reach);
  }
  if (const int error = wait_for_exec(report.read, started)) {
    ::waitpid(pid, nullptr, 0);
    return refused(program, error);
  }
  started.pid = pid;
  started.in = std::move(in.write);
  started.out = std::move(out.read);
  started.err = std::move(err.read);
  started.exit_event = Fd(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0)));
  for (const Fd* fd : {&started.in, &started.out, &started.err})
    if (fd->open()) set_nonblocking(*fd);
  return started;
}

}  // namespace loa::process
