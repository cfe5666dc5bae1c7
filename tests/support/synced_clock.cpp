// Preloaded into a real program: the kernel says that the clock is kept by somebody who knows (adjtimex is TIME_OK), whatever this machine's is.
#include <dlfcn.h>
#include <sys/timex.h>

extern "C" int adjtimex(timex* state) noexcept {
  static const auto go = reinterpret_cast<int (*)(timex*)>(::dlsym(RTLD_NEXT, "adjtimex"));
  go(state);
  state->status &= ~STA_UNSYNC;
  state->maxerror = 2000;
  state->esterror = 500;
  return TIME_OK;
}
extern "C" int ntp_adjtime(timex* state) noexcept { return adjtimex(state); }
