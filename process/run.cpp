#include "process/run.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <cstring>
#include <string>

#include "process/spawn.hpp"

namespace loa::process {

const char* name_of(End end) {
  switch (end) {
    case End::exited:
      return "exited";
    case End::signalled:
      return "signalled";
    case End::not_started:
      return "not_started";
    case End::wall_time:
      return "wall_time";
    case End::cpu_time:
      return "cpu_time";
    case End::memory:
      return "memory";
    case End::file_size:
      return "file_size";
    case End::output:
      return "output";
    case End::confined:
      return "confined";
    case End::cancelled:
      return "cancelled";
  }
  return "unknown";
}

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How often memory is looked at, and the child's end where the kernel has no pidfd.
constexpr milliseconds kTick{20};

std::uint64_t resident_bytes(pid_t pid) {
  std::uint64_t total = 0, resident = 0;
  std::ifstream pages("/proc/" + std::to_string(pid) + "/statm");
  return pages >> total >> resident ? resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

/// What a child that confined itself said of its attempt before SIGSYS ended it (confine_self).
std::string attempt_said(const std::string& err) {
  constexpr std::string_view kBegin = "confined: tried to ";
  const auto at = err.rfind(kBegin);
  if (at == std::string::npos) return "make a system call";
  const auto from = at + kBegin.size();
  return err.substr(from, err.find('\n', from) - from);
}

/// One child from its start to its burial.
class Watch {
 public:
  Watch(const Command& command, const Limits& limits, const OnLine& on_line)
      : command_(command), limits_(limits), on_line_(on_line), began_(Clock::now()) {}

  Outcome run(const std::stop_token& stop) {
    child_ = spawn(command_, limits_);
    if (child_.pid < 0) {
      result_.message = child_.error;
      return result_;
    }
    const Fd cancel(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    std::stop_callback on_stop(stop, [&cancel] { ::eventfd_write(cancel.get(), 1); });
    if (command_.stdin_text.empty()) child_.in.close();
    if (!child_.attempt.empty()) forbid(std::move(child_.attempt));
    while (!ended_) step(cancel.get());
    bury();
    explain();
    return std::move(result_);
  }

 private:
  void step(int cancel) {
    std::array<pollfd, 6> fds{{{cancel, POLLIN, 0},
                               {child_.exit_event.get(), POLLIN, 0},
                               {child_.in.get(), POLLOUT, 0},
                               {child_.out.get(), POLLIN, 0},
                               {child_.err.get(), POLLIN, 0},
                               {child_.guard ? child_.guard->listener() : -1, POLLIN, 0}}};
    if (::poll(fds.data(), fds.size(), static_cast<int>(kTick.count())) < 0 && errno != EINTR)
      return stop(End::signalled);
    if (fds[0].revents) return stop(End::cancelled);
    if (fds[2].revents) feed();
    if (fds[3].revents) take_out();
    if (fds[4].revents) take_err();
    if (fds[5].revents & POLLIN) {
      if (auto attempt = child_.guard->answer()) return forbid(std::move(*attempt));
    } else if (fds[5].revents) {
      child_.guard->close();
    }
    if (ended_) return;
    if (has_ended()) {
      ended_ = true;
    } else if (Clock::now() - began_ > limits_.wall) {
      stop(End::wall_time);
    } else if (limits_.memory_bytes && resident_bytes(child_.pid) > limits_.memory_bytes) {
      stop(End::memory);
    }
  }

  void stop(End why) {
    if (cause_ == End::exited) cause_ = why;
    ended_ = true;
  }

  void forbid(std::string attempt) {
    attempt_ = std::move(attempt);
    stop(End::confined);
  }

  bool has_ended() const {
    siginfo_t info{};
    return ::waitid(P_PID, static_cast<id_t>(child_.pid), &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
           info.si_pid != 0;
  }

  void feed() {
    const auto left = std::string_view(command_.stdin_text).substr(fed_);
    // SIGPIPE is ignored for this thread alone while it writes to a child that may have closed its end.
    sigset_t pipe_signal, before;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_signal, &before);
    const ssize_t wrote = ::write(child_.in.get(), left.data(), left.size());
    const int error = errno;
    if (wrote < 0 && error == EPIPE) {
      const timespec now{0, 0};
      ::sigtimedwait(&pipe_signal, nullptr, &now);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (wrote > 0) fed_ += static_cast<std::size_t>(wrote);
    if ((wrote < 0 && error != EAGAIN && error != EINTR) || fed_ == command_.stdin_text.size())
      child_.in.close();
  }

  /// One read of at most 64 KiB; false when nothing more is there now.
  bool read_some(Fd& fd, std::string_view& got) {
    const ssize_t count = ::read(fd.get(), buffer_.data(), buffer_.size());
    if (count == 0) fd.close();
    got = count > 0 ? std::string_view(buffer_.data(), static_cast<std::size_t>(count)) : std::string_view();
    return count > 0;
  }

  bool take_out() {
    std::string_view got;
    if (!read_some(child_.out, got)) return false;
    out_bytes_ += got.size();
    if (limits_.stdout_bytes && out_bytes_ > limits_.stdout_bytes) {
      stop(End::output);
      return false;
    }
    result_.out.append(got);
    if (on_line_) cut_lines();
    return true;
  }

  void cut_lines() {
    std::size_t from = 0, end = 0;
    while ((end = result_.out.find('\n', from)) != std::string::npos) {
      on_line_(std::string_view(result_.out).substr(from, end - from));
      from = end + 1;
    }
    result_.out.erase(0, from);
    if (result_.out.size() > limits_.line_bytes) stop(End::output);
  }

  bool take_err() {
    std::string_view got;
    if (!read_some(child_.err, got)) return false;
    const std::size_t room = limits_.stderr_bytes - std::min(limits_.stderr_bytes, result_.err.size());
    result_.err.append(got.substr(0, room));
    return true;
  }

  /// Kills what is left of the group while the dead leader still holds its number, then takes what lies in
  /// the pipes.
  void bury() {
    ::kill(-child_.pid, SIGKILL);
    rusage used{};
    int status = 0;
    while (::wait4(child_.pid, &status, 0, &used) < 0 && errno == EINTR) {
    }
    if (cause_ == End::exited) {
      // A descendant that left the group may keep writing: what a pipe holds is at most 64 KiB, 16 reads are
      // plenty.
      for (int i = 0; i < 16 && child_.out.open() && take_out(); ++i) {
      }
      if (on_line_ && !result_.out.empty() && cause_ == End::exited) on_line_(result_.out);
    }
    for (int i = 0; i < 16 && child_.err.open() && take_err(); ++i) {
    }
    if (on_line_) result_.out.clear();
    const auto ms = [](const timeval& t) { return milliseconds(t.tv_sec * 1000 + t.tv_usec / 1000); };
    result_.cpu = ms(used.ru_utime) + ms(used.ru_stime);
    result_.peak_memory_bytes = static_cast<std::uint64_t>(used.ru_maxrss) * 1024;
    result_.wall = std::chrono::duration_cast<milliseconds>(Clock::now() - began_);
    judge(status);
  }

  void judge(int status) {
    result_.end = cause_;
    if (cause_ != End::exited) return;
    if (WIFEXITED(status)) {
      result_.exit_code = WEXITSTATUS(status);
      return;
    }
    result_.signal = WTERMSIG(status);
    const bool cpu_spent = result_.cpu >= limits_.cpu - milliseconds(100);
    if (result_.signal == SIGSYS) {
      result_.end = End::confined;
      attempt_ = attempt_said(result_.err);
    } else if (result_.signal == SIGXCPU || (result_.signal == SIGKILL && cpu_spent)) {
      result_.end = End::cpu_time;
    } else if (result_.signal == SIGXFSZ) {
      result_.end = End::file_size;
    } else if (limits_.memory_bytes && result_.peak_memory_bytes > limits_.memory_bytes) {
      result_.end = End::memory;
    } else {
      result_.end = End::signalled;
    }
  }

  void explain() {
    const std::string name = std::filesystem::path(command_.argv.front()).filename().string();
    const auto text = [&]() -> std::string {
      switch (result_.end) {
        case End::exited:
          return fmt::format("ended with code {}", result_.exit_code);
        case End::signalled:
          return fmt::format("was ended by signal {} ({})", result_.signal, ::strsignal(result_.signal));
        case End::not_started:
          return "was not started";
        case End::wall_time:
          return fmt::format("took longer than {} s and was ended", static_cast<double>(limits_.wall.count()) / 1000);
        case End::cpu_time:
          return fmt::format("used more than {} s of CPU time and was ended", limits_.cpu.count());
        case End::memory:
          return fmt::format("used more than {} MiB of memory and was ended", limits_.memory_bytes >> 20);
        case End::file_size:
          return fmt::format("wrote a file larger than {} bytes and was ended", limits_.file_bytes);
        case End::output:
          return "wrote more to standard output than it may and was ended";
        case End::confined:
          return fmt::format("tried to {}, which it may not, and was ended", attempt_);
        case End::cancelled:
          return "was cancelled";
      }
      return {};
    }();
    result_.message = name + " " + text;
  }

  const Command& command_;
  const Limits& limits_;
  const OnLine& on_line_;
  const Clock::time_point began_;
  Started child_;
  Outcome result_;
  std::array<char, 65536> buffer_{};
  std::size_t fed_ = 0;
  std::size_t out_bytes_ = 0;
  bool ended_ = false;
  std::string attempt_;  ///< what a confined child tried
  End cause_ = End::exited;
};

}  // namespace

Outcome run(const Command& command, const Limits& limits, const std::stop_token& stop,
            const OnLine& on_line) {
  return Watch(command, limits, on_line).run(stop);
}

}  // namespace loa::process
