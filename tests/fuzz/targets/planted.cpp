// Faults on purpose: tests/fuzz/rows shows with them that each kind is noticed. Runs only where it is named.
#include <cstring>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

void planted(std::string_view bytes) {
  if (bytes == "read beyond the end") {
    const std::unique_ptr<char[]> copy(new char[bytes.size()]);
    std::memcpy(copy.get(), bytes.data(), bytes.size());
    volatile const char* beyond = copy.get() + bytes.size();
    demand(*beyond != 1 || *beyond == 1, "");
  }
  if (bytes == "overflow") {
    volatile int large = 0x7fffffff;
    large = large + static_cast<int>(bytes.size());
  }
  if (bytes == "never end")
    for (volatile bool on = true; on;) {
    }
  if (bytes == "take all memory") {
    std::vector<std::vector<char>> all;
    for (int i = 0; i < 200; ++i) all.emplace_back(64 << 20, 'x');
  }
  if (bytes == "throw") throw std::runtime_error("planted");
  if (bytes == "break a rule") broken("a planted rule");
  // To be searched for.
  if (bytes.size() > 2 && bytes[0] == 'f' && bytes[1] == 'u' && bytes[2] == 'z') broken("a planted rule that must be found");
}
std::vector<std::string> nothing() { return {"x"}; }

const Registration kPlanted{{"planted", planted, nothing, 64, false}};

}  // namespace
}  // namespace loa::fuzz
