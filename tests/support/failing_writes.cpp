// Preloaded into a real program, this lets chosen calls of the disk fail. LOA_FAILING_WRITES names a file of rules that may change while the
// program runs, one a line:  CALL PART NTH ERROR  - from the NTH on (counted in this process), CALLs on paths that hold PART fail with this errno.
// CALL is write, sync, rename, open (for writing) or read. Every failure is written to the file's `.hits`.
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>

namespace {

template <typename Call>
Call real(const char* name) {
  return reinterpret_cast<Call>(::dlsym(RTLD_NEXT, name));
}

using Open = int (*)(const char*, int, ...);
using Write = ssize_t (*)(int, const void*, size_t);
using Read = ssize_t (*)(int, void*, size_t);

constexpr int kMost = 16;
struct Rule {
  char call[16], part[128];
  int nth, error, seen;
};
Rule rules[kMost];
int count = 0;
timespec read_at{};
std::mutex mutex;
thread_local bool inside = false;

/// Reads the rules anew where their file changed; counts of rules that stayed go on.
void look(const char* file) {
  struct stat info {};
  if (::stat(file, &info) != 0) {
    count = 0;
    return;
  }
  if (info.st_mtim.tv_sec == read_at.tv_sec && info.st_mtim.tv_nsec == read_at.tv_nsec) return;
  read_at = info.st_mtim;
  static const auto open_it = real<Open>("open");
  static const auto read_it = real<Read>("read");
  const int fd = open_it(file, O_RDONLY | O_CLOEXEC);
  char text[2048] = {};
  if (fd >= 0) {
    (void)!read_it(fd, text, sizeof text - 1);
    ::close(fd);
  }
  count = 0;
  char* rest = text;
  for (char* line = ::strtok_r(text, "\n", &rest); line && count < kMost; line = ::strtok_r(nullptr, "\n", &rest)) {
    Rule rule{};
    if (std::sscanf(line, "%15s %127s %d %d", rule.call, rule.part, &rule.nth, &rule.error) == 4) rules[count++] = rule;
  }
}

void tell(const char* file, const char* call, const char* path, int error) {
  char name[512], line[768];
  std::snprintf(name, sizeof name, "%s.hits", file);
  const int size = std::snprintf(line, sizeof line, "%s %s errno %d\n", call, path, error);
  static const auto open_it = real<Open>("open");
  static const auto write_it = real<Write>("write");
  const int fd = open_it(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (fd < 0) return;
  (void)!write_it(fd, line, static_cast<size_t>(size));
  ::close(fd);
}

/// The errno with which this call is to fail; 0: it goes on.
int fails(const char* call, const char* path) {
  const char* file = std::getenv("LOA_FAILING_WRITES");
  if (!file || inside || !path) return 0;
  inside = true;
  int error = 0;
  {
    const std::lock_guard lock(mutex);
    look(file);
    for (int i = 0; i < count && error == 0; ++i)
      if (std::strcmp(rules[i].call, call) == 0 && std::strstr(path, rules[i].part) && ++rules[i].seen >= rules[i].nth) error = rules[i].error;
    if (error != 0) tell(file, call, path, error);
  }
  inside = false;
  return error;
}

int fails(const char* call, int fd) {
  if (inside || !std::getenv("LOA_FAILING_WRITES") || fd <= 2) return 0;
  char link[64], path[512];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto size = ::readlink(link, path, sizeof path - 1);
  if (size <= 0 || path[0] != '/') return 0;
  path[size] = '\0';
  return fails(call, path);
}

bool writes(int flags) { return (flags & (O_WRONLY | O_RDWR | O_CREAT)) != 0; }

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto go = real<Write>("write");
  if (const int error = fails("write", fd)) return errno = error, -1;
  return go(fd, data, size);
}
ssize_t writev(int fd, const iovec* parts, int number) {
  static const auto go = real<ssize_t (*)(int, const iovec*, int)>("writev");
  if (const int error = fails("write", fd)) return errno = error, -1;
  return go(fd, parts, number);
}
ssize_t pwrite(int fd, const void* data, size_t size, off_t at) {
  static const auto go = real<ssize_t (*)(int, const void*, size_t, off_t)>("pwrite");
  if (const int error = fails("write", fd)) return errno = error, -1;
  return go(fd, data, size, at);
}
ssize_t pwrite64(int fd, const void* data, size_t size, off64_t at) {
  static const auto go = real<ssize_t (*)(int, const void*, size_t, off64_t)>("pwrite64");
  if (const int error = fails("write", fd)) return errno = error, -1;
  return go(fd, data, size, at);
}
ssize_t read(int fd, void* data, size_t size) {
  static const auto go = real<Read>("read");
  if (const int error = fails("read", fd)) return errno = error, -1;
  return go(fd, data, size);
}
ssize_t pread64(int fd, void* data, size_t size, off64_t at) {
  static const auto go = real<ssize_t (*)(int, void*, size_t, off64_t)>("pread64");
  if (const int error = fails("read", fd)) return errno = error, -1;
  return go(fd, data, size, at);
}
int fsync(int fd) {
  static const auto go = real<int (*)(int)>("fsync");
  if (const int error = fails("sync", fd)) return errno = error, -1;
  return go(fd);
}
int fdatasync(int fd) {
  static const auto go = real<int (*)(int)>("fdatasync");
  if (const int error = fails("sync", fd)) return errno = error, -1;
  return go(fd);
}
int rename(const char* from, const char* to) noexcept {
  static const auto go = real<int (*)(const char*, const char*)>("rename");
  if (const int error = fails("rename", to)) return errno = error, -1;
  return go(from, to);
}
int open(const char* path, int flags, ...) {
  static const auto go = real<Open>("open");
  va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  if (const int error = writes(flags) ? fails("open", path) : 0) return errno = error, -1;
  return go(path, flags, mode);
}
int open64(const char* path, int flags, ...) {
  static const auto go = real<Open>("open64");
  va_list more;
  va_start(more, flags);
  const int mode = va_arg(more, int);
  va_end(more);
  if (const int error = writes(flags) ? fails("open", path) : 0) return errno = error, -1;
  return go(path, flags, mode);
}

}
