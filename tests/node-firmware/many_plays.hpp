#pragma once
#include <algorithm>
#include <functional>

#include "tests/support/process_memory.hpp"
#include "wire.hpp"

namespace loa::tests {

/// The real program playing clips of a tenth of a second through the null sink, one after the other, plan after plan.
class ManyPlays {
 public:
  static constexpr std::chrono::milliseconds kEvery{200};
  static constexpr int kInPlan = 500;

  /// The node is at rest and has reported.
  ManyPlays() {
    wire_.start_broker();
    wire_.start_node(true);
    if (!wire_.until([this] { return wire_.state.has_value(); }, 30s)) throw std::runtime_error("the node does not report:\n" + wire_.node().err());
  }
  /// Until `plays` records are in; `look` is told now and then how many there are. Throws where they do not come in their time.
  void play(int plays, const std::function<void(int)>& look = [](int) {}) {
    const int wanted = done() + plays;
    while (done() < wanted) {
      const int before = done();
      const int count = std::min(kInPlan, wanted - before);
      wire_.plan_short(count, 1500ms, kEvery);
      const auto limit = 20s + 2 * count * kEvery;
      const bool over = wire_.until([&] {
        look(done());
        return done() >= before + count;
      }, std::chrono::duration_cast<std::chrono::milliseconds>(limit));
      if (!over) throw std::runtime_error(std::to_string(done() - before) + " of " + std::to_string(count) + " plays were told:\n" + wire_.node().err());
    }
  }
  /// Records that are in.
  int done() const { return static_cast<int>(wire_.records.size()); }
  /// Of them, those that were heard whole.
  int played() const {
    return static_cast<int>(std::count_if(wire_.records.begin(), wire_.records.end(), [](const auto& one) { return one.second.outcome == scheduler::Outcome::played; }));
  }
  ProcessMemory memory() { return memory_of(wire_.node().pid()); }

 private:
  Wire wire_{"[sink]\nkind = \"null\"\n"};
};

}  // namespace loa::tests
