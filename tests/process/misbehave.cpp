// A program that does one thing that a confined child may not: `misbehave [self] WHAT [PATH]`. With `self` it confines itself first, as
// loa-transcode does; otherwise whoever starts it has put it behind walls. What fails goes on, and is said.
#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "process/confine.hpp"

namespace {

int open_file(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags, 0600);
  if (fd < 0) return std::printf("open: %s\n", std::strerror(errno)), 1;
  if (flags & O_CREAT) return ::write(fd, "hello", 5) == 5 ? 0 : 1;
  char byte = 0;
  return ::read(fd, &byte, 1) == 1 ? 0 : 1;
}

int connect_to_network() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return 1;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(9);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
  return 0;
}

[[noreturn]] void bomb_of_memory() {
  std::vector<char*> kept;
  while (true) {
    auto* block = static_cast<char*>(std::malloc(1 << 20));
    if (!block) std::abort();
    std::memset(block, 1, 1 << 20);
    kept.push_back(block);
  }
}

/// Lets one thread open what another keeps changing: what the asker reads is not what the kernel opens.
int race(const std::string& given, const std::string& wanted) {
  static char path[200];
  std::strcpy(path, given.c_str());
  std::thread changer([&] {
    for (int i = 0; i < 2'000'000; ++i) std::strcpy(path, i % 2 ? given.c_str() : wanted.c_str());
  });
  int got = 0;
  for (int i = 0; i < 2000 && !got; ++i) {
    const int fd = ::open(path, O_RDONLY);
    char text[5] = {};
    if (fd >= 0 && ::read(fd, text, 4) == 4 && std::strcmp(text, "root") == 0) got = 1;
    if (fd >= 0) ::close(fd);
  }
  changer.join();
  std::puts(got ? "the race was won" : "the race was lost");
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool self = !words.empty() && words.front() == "self";
  if (self) words.erase(words.begin());
  const std::string what = words.empty() ? "" : words[0], path = words.size() > 1 ? words[1] : "", other = words.size() > 2 ? words[2] : "";
  const std::map<std::string, std::function<int()>> acts{
      {"nothing", [] { return 0; }},
      {"network", connect_to_network},
      {"read", [&] { return open_file(path, O_RDONLY); }},
      {"write", [&] { return open_file(path, O_WRONLY | O_CREAT); }},
      {"fork", [] { while (true) ::fork(); return 0; }},
      {"program", [] { return ::execl("/bin/true", "true", nullptr); }},
      {"thread", [] { std::thread([] {}).join(); return 0; }},
      {"code", [] { return ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED; }},
      {"kill", [] { return ::kill(::getppid(), SIGKILL); }},
      {"trace", [] { return static_cast<int>(::ptrace(PTRACE_ATTACH, ::getppid(), nullptr, nullptr)); }},
      {"mount", [] { return static_cast<int>(::unlink("/tmp")); }},
      {"memory", [] { bomb_of_memory(); return 0; }},
      {"output", [] { while (true) std::puts("more and more and more"); return 0; }},
      {"cpu", [] { for (volatile unsigned i = 0;;) i = i + 1; return 0; }},
      {"habit", [] { return open_file("/proc/sys/vm/overcommit_memory", O_RDONLY) == 1 ? 0 : 1; }},
      {"race", [&] { return race(path, other); }},
  };
  const auto act = acts.find(what);
  if (act == acts.end()) return 64;
  if (self) loa::process::confine_self();
  const int code = act->second();
  std::printf("did it: %d\n", code);
  return code;
}
