#pragma once
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "protocol/base64url.hpp"
#include "protocol/describe_alert.hpp"
#include "protocol/describe_messages.hpp"
#include "protocol/describe_record.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/enum_names.hpp"
#include "protocol/utf8.hpp"

namespace loa::protocol::tests {

/// Fills a value with whatever its description allows: the third visitor beside reader and writer. RapidCheck
/// gives the seed alone, because shrinking thousands of picks would take longer than all other tests.
class Filler {
 public:
  explicit Filler(std::uint64_t seed) : random_{seed} {}

  template <class T, class Rule = Anything>
  void operator()(const char*, T& value, const Rule& rule = {}) {
    fill(value, rule);
  }
  template <class T, class Rule = Anything>
  void operator()(const char*, std::optional<T>& value, const Rule& rule = {}) {
    if (coin()) fill(value.emplace(), rule);
  }
  void constant(const char*, std::string_view) {}
  void format() {}
  void must(bool, const char*, const char*) {}

 private:
  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>{low, high}(random_);
  }
  std::size_t pick_index(std::size_t count) {
    return static_cast<std::size_t>(pick(0, static_cast<std::int64_t>(count) - 1));
  }
  bool coin() { return pick(0, 1) == 1; }

  std::int64_t within(std::int64_t low, std::int64_t high) {
    switch (pick(0, 7)) {
      case 0:
        return low;
      case 1:
        return high;
      case 2:
        return pick(low, low > high - 1000 ? high : low + 1000);
      default:
        return pick(low, high);
    }
  }

  std::string of(const std::string& letters, int least, int most) {
    const auto length = pick(least, most);
    std::string made;
    for (int count = 0; count < length; ++count) made += letters[pick_index(letters.size())];
    return made;
  }

  std::string free_text() {
    static const std::vector<std::string> pieces{"Huế ", "ộ", "\"", "\\",         "\n",   "\t",
                                                 "/",    "~", "a",  "\U0001F4E2", "\x7f", "}"};
    std::string made;
    const auto length = pick(0, 7);
    for (int count = 0; count < length; ++count) made += pieces[pick_index(pieces.size())];
    return made;
  }

  void fill(bool& value, const Anything&) { value = coin(); }
  void fill(std::int64_t& value, const Range& rule) { value = within(rule.low, rule.high); }
  void fill(int& value, const Range& rule) { value = static_cast<int>(within(rule.low, rule.high)); }
  void fill(double& value, const RealRange& rule) {
    value = rule.low + (rule.high - rule.low) * std::uniform_real_distribution<double>{}(random_);
  }
  void fill(scheduler::Millis& value, const Range& rule) {
    value = scheduler::Millis{within(rule.low, rule.high)};
  }
  void fill(TimePoint& value, const Anything&) {
    value = scheduler::from_ms(within(kTimeMs.low, kTimeMs.high));
  }
  void fill(PublicKey& value, const Anything&) {
    for (auto& byte : value) byte = static_cast<unsigned char>(pick(0, 255));
  }

  /// Candidates of every kind of text that the rules know; the first that fits is taken.
  void fill(std::string& value, const TextRule& rule) {
    if (rule.may_be_empty && pick(0, 3) == 0) return value.clear();
    const std::vector<std::string> candidates{of("0123456789abcdef", 64, 64),
                                              to_base64url(of("abcdefghijklmnop", 16, 16)),
                                              to_base64url(of("abcdefghijklmnop", 64, 64)),
                                              free_text(),
                                              "https://" + of("abc.:/", 1, 20),
                                              of("abcXYZ012", 1, 20),
                                              of("abc012", 1, 20)};
    const std::size_t start = pick_index(candidates.size());
    for (std::size_t step = 0; step < candidates.size(); ++step) {
      value = candidates[(start + step) % candidates.size()];
      if (!(rule.cut_when_written && value != printable(value, rule.most)) && !broken(value, rule)) return;
    }
    RC_FAIL("no candidate fits a text rule");
  }

  void fill(std::map<std::string, std::int64_t>& value, const List<Range>& rule) {
    const auto count = rule.least + pick_index(4);
    for (std::size_t index = 0; index < count; ++index) fill(value[of("abc_", 1, 8)], rule.each);
  }

  template <class T, class Each>
  void fill(std::vector<T>& value, const List<Each>& rule) {
    const auto most = std::min(rule.most, std::max<std::size_t>(rule.least, 4));
    value.resize(rule.least + pick_index(most - rule.least + 1));
    for (T& element : value) fill(element, rule.each);
  }

  template <class E>
  requires std::is_enum_v<E>
  void fill(E& value, const Anything&) { value = static_cast<E>(pick(0, kCountOf<E> - 1)); }

  template <class T>
  requires std::is_class_v<T>
  void fill(T& value, const Anything&) {
    describe(*this, value);
    repair(value);
  }

  // The rules between fields, which no single field can keep.
  template <class T>
  void repair(T&) {}
  static void before(TimePoint& first, TimePoint& second) {
    if (second < first) std::swap(first, second);
    if (first == second)
      first == scheduler::from_ms(0) ? second += scheduler::Millis{1} : first -= scheduler::Millis{1};
  }
  void repair(scheduler::Item& item) {
    using scheduler::ItemKind;
    item.sha256 = item.kind == ItemKind::clip ? of("0123456789abcdef", 64, 64) : "";
    item.url = item.kind == ItemKind::stream ? "https://" + of("abc.", 1, 9) : "";
    if (item.plain_http_allowed && item.kind == ItemKind::stream) item.url = "http://" + of("abc.", 1, 9);
  }
  void repair(scheduler::Occurrence& occurrence) {
    if (occurrence.cls == scheduler::Class::emergency) occurrence.cls = scheduler::Class::normal;
  }
  template <class Hours>
  requires requires(Hours hours) { hours.from_minute; }
  void repair(Hours& hours) {
    if (hours.from_minute > hours.to_minute) std::swap(hours.from_minute, hours.to_minute);
    if (hours.from_minute == hours.to_minute) hours.to_minute == 0 ? ++hours.to_minute : --hours.from_minute;
  }
  void repair(scheduler::Plan& plan) {
    before(plan.from, plan.until);
    auto& all = plan.occurrences;
    for (std::size_t index = 0; index < all.size(); ++index) all[index].id += "." + std::to_string(index);
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return std::tie(a.due, a.id) < std::tie(b.due, b.id); });
  }
  void repair(scheduler::Alert& alert) { before(alert.sent, alert.expires); }
  void repair(scheduler::AlertSnapshot& snapshot) {
    for (std::size_t index = 0; index < snapshot.alerts.size(); ++index) {
      snapshot.alerts[index].area = snapshot.area;
      snapshot.alerts[index].id = "l-" + std::to_string(index);
    }
  }
  void repair(SigningKey& key) { before(key.not_before, key.not_after); }
  void repair(KeySet& set) {
    for (std::size_t index = 0; index < set.keys.size(); ++index)
      set.keys[index].kid = "k-" + std::to_string(index);
  }
  void repair(Order& order) { before(order.issued, order.expires); }
  void repair(Receipt& receipt) { receipt.accepted = receipt.code.empty(); }
  void repair(LogBatch& batch) {
    const std::int64_t first = std::min<std::int64_t>(batch.records.front().number, kRevision.high - 4);
    for (std::size_t index = 0; index < batch.records.size(); ++index) {
      batch.records[index].log_id = batch.log_id;
      batch.records[index].number = first + static_cast<std::int64_t>(index);
    }
  }

 public:
  /// A value of T from a seed that RapidCheck picks; only within rc::check.
  template <class T>
  static T make() {
    T value;
    Filler{*rc::gen::noShrink(rc::gen::arbitrary<std::uint64_t>())}.fill(value, Anything{});
    return value;
  }

 private:
  std::mt19937_64 random_;
};

}  // namespace loa::protocol::tests
