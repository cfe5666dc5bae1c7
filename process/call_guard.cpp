#include "process/call_guard.hpp"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include "process/landlock.hpp"

namespace loa::process {

namespace fs = std::filesystem;

namespace {

/// What any program needs to come up: libraries, the linker's cache, texts and character sets, and two harmless devices.
const std::vector<fs::path>& needed_to_start() {
  static const std::vector<fs::path> paths{"/usr/lib",          "/lib",   "/lib64", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache",
                                           "/usr/share/locale", "/etc/locale.alias", "/dev/null", "/dev/urandom"};
  return paths;
}

/// The interpreter in the first line of a script, or nothing.
std::optional<fs::path> interpreter_of(const fs::path& program) {
  std::ifstream file(program, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line) || line.size() > 128 || line.compare(0, 2, "#!") != 0) return {};
  const auto from = line.find_first_not_of(' ', 2);
  return from == std::string::npos ? std::nullopt : std::optional<fs::path>(line.substr(from, line.find(' ', from) - from));
}

LandlockRules rules_for(const Reach& reach, const fs::path& program) {
  LandlockRules rules{reach.read, reach.write, {program, "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", "/lib/ld-linux-armhf.so.3"}};
  rules.read.insert(rules.read.end(), needed_to_start().begin(), needed_to_start().end());
  rules.write.emplace_back("/dev/null");
  if (auto interpreter = interpreter_of(program)) rules.execute.push_back(*interpreter);
  return rules;
}

std::string resolved(const fs::path& path) {
  std::error_code error;
  const auto canonical = fs::weakly_canonical(path, error);
  return (error ? path.lexically_normal() : canonical).string();
}

std::string printable(std::string text) {
  if (text.size() > 200) text.resize(200);
  std::replace_if(text.begin(), text.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
  return text;
}

}  // namespace

Walls::Walls(const Reach& reach, const fs::path& program) : ruleset_(landlock_ruleset(rules_for(reach, program))) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  parent_end_ = Fd(ends[0]);
  child_end_ = Fd(ends[1]);
  filter_ = filter_of_started(child_end_.get());
}

bool Walls::enter() const {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
  if (ruleset_.open() && !landlock_enter(ruleset_.get())) return false;
  const sock_fprog filter{static_cast<unsigned short>(filter_.size()), const_cast<sock_filter*>(filter_.data())};
  const auto listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &filter);
  if (listener < 0) return false;
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  const int number = static_cast<int>(listener);
  std::memcpy(CMSG_DATA(header), &number, sizeof number);
  const bool sent = ::sendmsg(child_end_.get(), &message, MSG_NOSIGNAL) == 1;
  ::close(number);
  return sent;
}

Fd Walls::take_listener() {
  char byte = 0;
  iovec data{&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))]{};
  msghdr message{};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  ssize_t got = 0;
  while ((got = ::recvmsg(parent_end_.get(), &message, MSG_CMSG_CLOEXEC)) < 0 && errno == EINTR) {
  }
  const cmsghdr* header = got == 1 ? CMSG_FIRSTHDR(&message) : nullptr;
  if (!header || header->cmsg_type != SCM_RIGHTS) return Fd();
  int number = -1;
  std::memcpy(&number, CMSG_DATA(header), sizeof number);
  return Fd(number);
}

CallGuard::CallGuard(Fd listener, pid_t child, const fs::path& program, const Reach& reach) : listener_(std::move(listener)), child_(child) {
  const auto keep = [](std::vector<std::string>& into, const std::vector<fs::path>& paths) {
    for (const auto& path : paths) into.push_back(resolved(path));
  };
  keep(read_, reach.read);
  keep(read_, needed_to_start());
  keep(read_, {program});
  keep(write_, reach.write);
  write_.emplace_back("/dev/null");
  keep(refused_, reach.refused);
  seccomp_notif* asked = nullptr;
  seccomp_notif_resp* said = nullptr;
  if (::syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes_) != 0 || ::seccomp_notify_alloc(&asked, &said) != 0) throw std::runtime_error("libseccomp has no notifications");
  asked_.reset(asked);
  said_.reset(said);
}

std::optional<std::string> CallGuard::answer() {
  // The kernel takes only zeroes here, and may know longer structures than we were built with.
  std::memset(asked_.get(), 0, sizes_.seccomp_notif);
  if (const int result = ::seccomp_notify_receive(listener_.get(), asked_.get()); result != 0) {
    if (result == -ENOENT || errno == ENOENT || errno == EINTR) return {};  // its caller has gone meanwhile
    return std::string("make a system call that cannot be looked at");
  }
  const auto verdict = judge(asked_->data, static_cast<pid_t>(asked_->pid));
  if (verdict.word == Word::forbid) return verdict.attempt;
  std::memset(said_.get(), 0, sizes_.seccomp_notif_resp);
  said_->id = asked_->id;
  said_->error = verdict.word == Word::refuse ? -EACCES : 0;
  said_->flags = verdict.word == Word::pass ? SECCOMP_USER_NOTIF_FLAG_CONTINUE : 0;
  ::seccomp_notify_respond(listener_.get(), said_.get());
  return {};
}

CallGuard::Verdict CallGuard::judge(const seccomp_data& call, pid_t caller) {
  const std::unique_ptr<char, void (*)(void*)> text(::seccomp_syscall_resolve_num_arch(call.arch, call.nr), std::free);
  const std::string name = text ? text.get() : "call " + std::to_string(call.nr);
  const auto argument = [&](int index) { return static_cast<long long>(call.args[index]); };
  if (name == "execve" && !begun_) {
    begun_ = true;
    return {Word::pass, {}};
  }
  if (name == "tgkill" && argument(0) == child_) return {Word::pass, {}};
  if (name == "socket" && argument(0) == AF_UNIX) return {Word::refuse, {}};
  const char* attempt = attempt_of(name.c_str());
  if (attempt && std::string(attempt) == "open") return judge_open(call, name, caller);
  struct PathCall {
    const char* name;
    int folder, path;  // which arguments; -1: none
  };
  static constexpr PathCall kPathCalls[] = {{"mkdir", -1, 0},   {"mkdirat", 0, 1},  {"unlink", -1, 0},   {"unlinkat", 0, 1}, {"symlink", -1, 1},
                                            {"symlinkat", 1, 2}, {"chmod", -1, 0},   {"fchmodat", 0, 1},  {"rename", -1, 1},  {"rmdir", -1, 0}};
  for (const auto& row : kPathCalls) {
    if (name != row.name) continue;
    const auto path = path_in(caller, row.folder < 0 ? AT_FDCWD : argument(row.folder), call.args[row.path]);
    return {below_any(path, refused_) ? Word::refuse : Word::forbid, "call " + name + " for " + printable(path)};
  }
  return {Word::forbid, attempt ? std::string(attempt) : "call " + name};
}

CallGuard::Verdict CallGuard::judge_open(const seccomp_data& call, const std::string& name, pid_t caller) const {
  const bool has_folder = name == "openat";
  if (name != "open" && !has_folder) return {Word::forbid, "call " + name};
  const auto path = path_in(caller, has_folder ? static_cast<int>(call.args[0]) : AT_FDCWD, call.args[has_folder ? 1 : 0]);
  // Where this system lets nobody look into another process (kernel.yama.ptrace_scope), Landlock alone holds the files, without a word.
  if (path.empty()) return {landlock_version() > 0 ? Word::pass : Word::forbid, "open a file whose name cannot be read"};
  const auto flags = call.args[has_folder ? 2 : 1];
  const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  if (below_any(path, writes ? write_ : read_) || (!writes && below_any(path, write_))) return {Word::pass, {}};
  if (below_any(path, refused_)) return {Word::refuse, {}};
  return {Word::forbid, std::string(writes ? "write " : "open ") + printable(path)};
}

std::string CallGuard::path_in(pid_t caller, long long folder, unsigned long long address) const {
  const auto of_caller = "/proc/" + std::to_string(caller);
  const Fd memory(::open((of_caller + "/mem").c_str(), O_RDONLY | O_CLOEXEC));
  std::string text;
  char part[256];
  while (text.size() < 4096) {
    // A read that reaches into a page that is not there brings what lies before it.
    const auto got = memory.open() ? ::pread(memory.get(), part, sizeof part, static_cast<off_t>(address + text.size())) : -1;
    if (got <= 0) break;
    const auto* end = static_cast<const char*>(std::memchr(part, 0, static_cast<std::size_t>(got)));
    text.append(part, end ? static_cast<std::size_t>(end - part) : static_cast<std::size_t>(got));
    if (end) break;
  }
  if (text.empty()) return {};
  fs::path path(text);
  if (path.is_relative()) {
    std::error_code error;
    const auto at = static_cast<int>(folder);
    path = fs::read_symlink(of_caller + (at == AT_FDCWD ? "/cwd" : "/fd/" + std::to_string(at)), error) / path;
  }
  return resolved(path);
}

bool CallGuard::below_any(const std::string& path, const std::vector<std::string>& roots) const {
  return std::any_of(roots.begin(), roots.end(), [&](const std::string& root) {
    return path == root || (path.size() > root.size() && path.compare(0, root.size(), root) == 0 && path[root.size()] == '/');
  });
}

}  // namespace loa::process
