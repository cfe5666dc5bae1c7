#include "node-firmware/self_test.hpp"

#include <algorithm>

namespace loa::node {

namespace {

constexpr const char* kChime = "chime";
constexpr const char* kSuffix = ".selftest";
constexpr scheduler::Millis kBeginsWithin{5000};

std::optional<scheduler::StockClip> named_chime(const std::vector<scheduler::StockClip>& stock) {
  const auto found = std::find_if(stock.begin(), stock.end(), [](const auto& clip) { return clip.name == kChime; });
  return found == stock.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

scheduler::Occurrence self_test(const std::string& order_id, const scheduler::StockClip& chime, scheduler::TimePoint now) {
  scheduler::Item item;
  item.kind = scheduler::ItemKind::clip;
  item.sha256 = chime.sha256;
  item.bytes = chime.bytes;
  item.duration = chime.duration;
  scheduler::Occurrence test;
  test.id = order_id + kSuffix;
  test.due = now;
  test.duration = chime.duration;
  test.items = {item};
  test.after_interrupt = scheduler::AfterInterrupt::drop;
  test.late = scheduler::LateRule::skip;
  test.late_limit = kBeginsWithin;
  return test;
}

bool is_self_test(const std::string& occurrence_id) { return occurrence_id.ends_with(kSuffix); }

std::optional<scheduler::StockClip> chime_of(const scheduler::WantedSettings* settings, const std::vector<scheduler::StockClip>& shipped) {
  if (settings)
    if (auto chime = named_chime(settings->stock)) return chime;
  return named_chime(shipped);
}

scheduler::Plan with_self_test(const scheduler::Plan* plan, const scheduler::Occurrence& test) {
  auto held = plan ? *plan : scheduler::Plan{};
  if (held.until <= test.end()) {
    held.occurrences.clear();
    held.until = test.end() + std::chrono::minutes(1);
  }
  const auto later = [](const auto& a, const auto& b) { return a.due < b.due || (a.due == b.due && a.id < b.id); };
  held.occurrences.insert(std::upper_bound(held.occurrences.begin(), held.occurrences.end(), test, later), test);
  return held;
}

}  // namespace loa::node
