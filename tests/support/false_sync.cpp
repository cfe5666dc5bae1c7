// Preloaded into a node: a kernel that somebody keeps synchronised to 5 ms, which the kernel of a test machine need not be. Changes nothing.
#include <sys/timex.h>

extern "C" int adjtimex(struct timex* state) noexcept {
  *state = {};
  state->maxerror = 5000;
  state->esterror = 1000;
  return TIME_OK;
}
