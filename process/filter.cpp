#include "process/filter.hpp"

#include <fcntl.h>
#include <seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace loa::process {

namespace {

/// Work on what is open already, memory, time, and the threads of this process.
constexpr const char* kComputing[] = {
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "lseek", "_llseek", "close", "dup", "fsync",
    "fdatasync", "ftruncate", "ftruncate64", "fstat", "fstat64", "fadvise64", "fadvise64_64", "arm_fadvise64_64", "poll", "ppoll",
    "ppoll_time64", "select", "pselect6", "pselect6_time64", "_newselect", "epoll_create1", "epoll_ctl", "epoll_wait", "epoll_pwait",
    "eventfd2", "pipe", "pipe2", "brk", "munmap", "mremap", "madvise", "mincore", "futex", "futex_time64", "futex_waitv", "set_robust_list",
    "get_robust_list", "rseq", "membarrier", "sched_yield", "sched_getaffinity", "sched_getparam", "sched_getattr", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getcpu", "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64",
    "clock_nanosleep", "clock_nanosleep_time64", "nanosleep", "gettimeofday", "time", "times", "getrusage", "getpid", "gettid", "getppid",
    "getuid", "geteuid", "getgid", "getegid", "getuid32", "geteuid32", "getgid32", "getegid32", "getrandom", "uname", "sysinfo",
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "sigaltstack", "restart_syscall", "exit", "exit_group",
    "set_tid_address", "getrlimit", "ugetrlimit"};

/// Besides: what starting, linking and looking around take. Landlock holds what may be opened; the names of files are no secret.
constexpr const char* kStarting[] = {
    "access", "faccessat", "faccessat2", "stat", "stat64", "lstat", "lstat64", "fstatat64", "newfstatat", "statx", "statfs", "statfs64",
    "fstatfs", "fstatfs64", "readlink", "readlinkat", "getcwd", "getdents", "getdents64", "fcntl", "fcntl64", "umask", "memfd_create",
    "arch_prctl", "set_thread_area", "set_tls", "cacheflush", "getpgrp", "getpgid", "getsid", "capget", "flock", "dup2", "dup3"};

class Rules {
 public:
  explicit Rules(std::uint32_t otherwise) : context_(::seccomp_init(otherwise)) {
    if (!context_) throw std::runtime_error("libseccomp makes no filter");
    // The filter is put in by hand, because libseccomp allocates memory while it loads.
    check(::seccomp_attr_set(context_.get(), SCMP_FLTATR_CTL_NNP, 0), "no_new_privs");
  }

  template <std::size_t N>
  void allow(const char* const (&names)[N]) {
    for (const char* name : names) add(SCMP_ACT_ALLOW, name, {});
  }
  void add(std::uint32_t action, const char* name, const std::vector<scmp_arg_cmp>& when) {
    const int number = ::seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) return;  // this machine has no such call
    check(::seccomp_rule_add_array(context_.get(), action, number, static_cast<unsigned>(when.size()), when.data()), name);
  }
  void allow_when(const char* name, const std::vector<scmp_arg_cmp>& when) { add(SCMP_ACT_ALLOW, name, when); }

  /// What both kinds need with arguments: threads but no processes, their names, and what wakes them.
  void allow_threads() {
    allow_when("clone", {SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)});
    // Its flags lie in memory, where a filter cannot look: libc then falls back to clone.
    add(SCMP_ACT_ERRNO(ENOSYS), "clone3", {});
    // GLib gives its pools' threads the importance of their maker, and does without where it may not.
    add(SCMP_ACT_ERRNO(EPERM), "sched_setattr", {});
    allow_when("socketpair", {SCMP_A0(SCMP_CMP_EQ, AF_UNIX)});  // two ends of one's own: what GStreamer wakes its threads by
    for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_CAPBSET_READ, PR_SET_VMA})
      allow_when("prctl", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(option))});
  }

  FilterProgram program() const {
    const int file = ::memfd_create("filter", MFD_CLOEXEC);
    if (file < 0) throw std::runtime_error("no memory file for a filter");
    const int failed = ::seccomp_export_bpf(context_.get(), file);
    const auto bytes = ::lseek(file, 0, SEEK_END);
    FilterProgram made(static_cast<std::size_t>(std::max<off_t>(bytes, 0)) / sizeof(sock_filter));
    const auto got = ::pread(file, made.data(), made.size() * sizeof(sock_filter), 0);
    ::close(file);
    if (failed || got <= 0 || got != bytes) throw std::runtime_error("libseccomp does not give its filter out");
    return made;
  }

 private:
  static void check(int result, const char* what) {
    if (result < 0) throw std::runtime_error(std::string("libseccomp refuses ") + what + ": " + std::strerror(-result));
  }
  struct Release {
    void operator()(void* context) const { ::seccomp_release(context); }
  };
  std::unique_ptr<void, Release> context_;
};

}  // namespace

FilterProgram filter_of_self() {
  Rules rules(SCMP_ACT_TRAP);
  rules.allow(kComputing);
  rules.allow_threads();
  for (const char* call : {"mmap", "mmap2", "mprotect"})
    rules.allow_when(call, {SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)});
  for (const char* call : {"newfstatat", "fstatat64"})  // libc's fstat is newfstatat with an empty name
    rules.allow_when(call, {SCMP_A3(SCMP_CMP_MASKED_EQ, AT_EMPTY_PATH, AT_EMPTY_PATH), SCMP_A0(SCMP_CMP_LE, 0x7fffffff)});
  for (const char* call : {"fcntl", "fcntl64"})
    for (const int command : {F_GETFL, F_SETFL, F_GETFD, F_SETFD, F_DUPFD_CLOEXEC})
      rules.allow_when(call, {SCMP_A1(SCMP_CMP_EQ, static_cast<scmp_datum_t>(command))});
  rules.allow_when("tgkill", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid()))});
  return rules.program();
}

FilterProgram filter_of_started(int report) {
  Rules rules(SCMP_ACT_NOTIFY);
  rules.allow(kComputing);
  rules.allow(kStarting);
  rules.allow_threads();
  for (const char* call : {"mmap", "mmap2", "mprotect"}) rules.add(SCMP_ACT_ALLOW, call, {});  // linking makes code of files
  rules.allow_when("prlimit64", {SCMP_A2(SCMP_CMP_EQ, 0)});
  rules.allow_when("sendmsg", {SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(report))});
  return rules.program();
}

const char* attempt_of(const char* call) {
  struct Row {
    const char* call;
    const char* attempt;
  };
  static constexpr Row kRows[] = {{"socket", "use the network"},
                                  {"socketpair", "use the network"},
                                  {"connect", "use the network"},
                                  {"bind", "use the network"},
                                  {"sendto", "use the network"},
                                  {"sendmsg", "use the network"},
                                  {"clone", "start another process"},
                                  {"fork", "start another process"},
                                  {"vfork", "start another process"},
                                  {"execve", "start another program"},
                                  {"execveat", "start another program"},
                                  {"open", "open"},
                                  {"openat", "open"},
                                  {"openat2", "open"},
                                  {"creat", "open"},
                                  {"mmap", "make memory executable"},
                                  {"mprotect", "make memory executable"},
                                  {"kill", "signal another process"},
                                  {"tkill", "signal another process"},
                                  {"tgkill", "signal another process"},
                                  {"ptrace", "look into another process"},
                                  {"process_vm_readv", "look into another process"}};
  for (const Row& row : kRows)
    if (std::strcmp(row.call, call) == 0) return row.attempt;
  return nullptr;
}

std::vector<std::string> names_of_calls() {
  constexpr int kNumbers = 512;
  std::vector<std::string> names(kNumbers);
  for (int number = 0; number < kNumbers; ++number) {
    if (char* name = ::seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number)) {
      names[static_cast<std::size_t>(number)] = name;
      std::free(name);
    }
  }
  return names;
}

}  // namespace loa::process
