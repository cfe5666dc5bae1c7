#include "process/confine.hpp"

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "process/filter.hpp"
#include "process/landlock.hpp"

namespace loa::process {

namespace {

/// Filled before the filter is put in, since a signal handler may allocate nothing.
std::vector<std::string>& call_names() {
  static std::vector<std::string> names;
  return names;
}

/// Register `index` of a trapped call's arguments, and where its result goes.
long& trapped_result(ucontext_t& context) {
#if defined(__x86_64__)
  return reinterpret_cast<long&>(context.uc_mcontext.gregs[REG_RAX]);
#elif defined(__aarch64__)
  return reinterpret_cast<long&>(context.uc_mcontext.regs[0]);
#elif defined(__arm__)
  return reinterpret_cast<long&>(context.uc_mcontext.arm_r0);
#else
#error "say here where this machine keeps the arguments of a system call"
#endif
}

const char* trapped_text(const ucontext_t& context, int index) {
#if defined(__x86_64__)
  static constexpr int kRegisters[] = {REG_RDI, REG_RSI, REG_RDX};
  return reinterpret_cast<const char*>(context.uc_mcontext.gregs[kRegisters[index]]);
#elif defined(__aarch64__)
  return reinterpret_cast<const char*>(context.uc_mcontext.regs[index]);
#elif defined(__arm__)
  return reinterpret_cast<const char*>(index == 0 ? context.uc_mcontext.arm_r0 : index == 1 ? context.uc_mcontext.arm_r1 : context.uc_mcontext.arm_r2);
#endif
}

/// What libc looks up by itself: memory limits before it gives memory back, character sets and texts of messages, the time zone.
bool is_habit(const char* path) {
  static constexpr const char* kHabits[] = {"/proc/sys/vm/overcommit_memory", "/usr/lib/", "/lib/", "/usr/share/locale/",
                                            "/usr/share/zoneinfo/", "/etc/localtime", "/sys/devices/system/cpu"};
  for (const char* habit : kHabits)
    if (std::strncmp(path, habit, std::strlen(habit)) == 0) return true;
  return false;
}

/// One line in a fixed buffer; only what is safe in a signal handler.
class Line {
 public:
  Line& operator<<(const char* text) {
    for (; *text && size_ + 1 < sizeof text_; ++text) text_[size_++] = *text >= ' ' && *text < 127 ? *text : '?';
    return *this;
  }
  void say() {
    text_[size_++] = '\n';
    [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text_, size_);
  }

 private:
  char text_[400];
  std::size_t size_ = 0;
};

void on_forbidden_call(int, siginfo_t* info, void* raw) {
  auto& context = *static_cast<ucontext_t*>(raw);
  const auto number = static_cast<std::size_t>(info->si_syscall);
  const char* name = number < call_names().size() && !call_names()[number].empty() ? call_names()[number].c_str() : "unknown";
  const char* attempt = attempt_of(name);
  const bool opens = attempt && std::strcmp(attempt, "open") == 0;
  const char* path = opens ? trapped_text(context, std::strcmp(name, "open") == 0 || std::strcmp(name, "creat") == 0 ? 0 : 1) : nullptr;
  if (path && is_habit(path)) {
    trapped_result(context) = -EACCES;
    return;
  }
  Line line;
  line << "confined: tried to " << (attempt ? attempt : "call ") << (attempt ? "" : name);
  if (opens) line << " " << (path ? path : "nothing");
  line.say();
  // Ended by the kernel's own signal, so that whoever waits sees why without trusting the line.
  ::signal(SIGSYS, SIG_DFL);
  ::syscall(SYS_tgkill, ::getpid(), ::syscall(SYS_gettid), SIGSYS);
}

void check_single_thread() {
  std::size_t threads = 0;
  for ([[maybe_unused]] const auto& one : std::filesystem::directory_iterator("/proc/self/task")) ++threads;
  if (threads != 1) throw std::logic_error("a process confines itself before it starts threads");
}

}  // namespace

std::string missing_walls() {
  const int version = landlock_version();
  if (version == 0) return "this kernel has no Landlock (or not in its list lsm=): files are guarded by the system-call filter alone";
  return {};
}

std::string confine_self() {
  check_single_thread();
  call_names() = names_of_calls();
  auto missing = missing_walls();  // the kernel answers no such question afterwards
  const auto program = filter_of_self();
  const Fd ruleset = landlock_ruleset({});
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) throw std::runtime_error(std::string("no no_new_privs: ") + std::strerror(errno));
  if (ruleset.open() && !landlock_enter(ruleset.get())) throw std::runtime_error(std::string("Landlock refuses: ") + std::strerror(errno));
  struct sigaction action {};
  action.sa_sigaction = on_forbidden_call;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  const sock_fprog filter{static_cast<unsigned short>(program.size()), const_cast<sock_filter*>(program.data())};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter) != 0)
    throw std::runtime_error(std::string("this kernel takes no system-call filter: ") + std::strerror(errno));
  return missing;
}

}  // namespace loa::process
