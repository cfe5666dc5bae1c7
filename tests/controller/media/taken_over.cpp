// Stands in libFLAC's place in the real transcoder, as if a file had taken the decoder over: LOA_ACT says what it then tries.
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>

namespace {

void act() {
  const std::string what = std::getenv("LOA_ACT");
  if (what == "network") ::socket(AF_INET, SOCK_STREAM, 0);
  if (what == "local") ::socket(AF_UNIX, SOCK_STREAM, 0);
  if (what == "read") ::open("/etc/passwd", O_RDONLY);
  if (what == "write") ::open(std::getenv("LOA_ELSEWHERE"), O_WRONLY | O_CREAT, 0600);
  if (what == "fork") while (true) ::fork();
  if (what == "program") ::execl("/bin/sh", "sh", "-c", "true", nullptr);
  if (what == "kill") ::kill(::getppid(), SIGKILL);
  if (what == "code") ::mprotect(reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(&what) & ~4095UL), 4096, PROT_READ | PROT_EXEC);
  if (what == "memory") {
    while (auto* block = static_cast<char*>(std::malloc(1 << 20))) std::memset(block, 1, 1 << 20);
    std::abort();
  }
  if (what == "cpu") {  // on many threads, so that it is spent soon on a busy machine too
    const auto spin = [] { for (volatile unsigned i = 0;;) i = i + 1; };
    for (int i = 0; i < 15; ++i) std::thread(spin).detach();
    spin();
  }
  if (what == "output") while (true) std::puts("{\"progress\":1}");
  if (what == "hide") {
    // The filter stays when the handler is gone.
    ::signal(SIGSYS, SIG_IGN);
    ::socket(AF_INET, SOCK_STREAM, 0);
  }
}

}  // namespace

// NOLINTNEXTLINE: libFLAC's own name.
extern "C" int FLAC__stream_decoder_process_single(void*) {
  act();
  return 0;
}
