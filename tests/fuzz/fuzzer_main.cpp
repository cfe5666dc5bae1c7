// The targets under libFuzzer: the environment names one, LOA_FUZZ_TARGET. See tests/fuzz/run.
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/target.hpp"

namespace {
const loa::fuzz::Target* target = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* name = std::getenv("LOA_FUZZ_TARGET");
  target = loa::fuzz::find_target(name ? name : "");
  if (target) return 0;
  std::fprintf(stderr, "LOA_FUZZ_TARGET names none of:\n");
  for (const auto& one : loa::fuzz::targets())
    if (one.runs_with_all) std::fprintf(stderr, "  %s %zu\n", one.name.c_str(), one.most_bytes);
  std::_Exit(2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target->run({reinterpret_cast<const char*>(data), size});
  return 0;
}
