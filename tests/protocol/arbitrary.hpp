#pragma once
#include <rapidcheck.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/base64url.hpp"
#include "protocol/describe_alert.hpp"
#include "protocol/describe_messages.hpp"
#include "protocol/describe_record.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/utf8.hpp"

namespace loa::protocol::tests {

/// Fills a value with whatever its description allows: the third visitor beside reader and writer.
class Filler {
 public:
  template <class T, class Rule = Anything>
  void operator()(const char*, T& value, const Rule& rule = {}) {
    fill(value, rule);
  }
  template <class T, class Rule = Anything>
  void operator()(const char*, std::optional<T>& value, const Rule& rule = {}) {
    if (*rc::gen::arbitrary<bool>()) fill(value.emplace(), rule);
  }
  void constant(const char*, std::string_view) {}
  void format() {}
  void must(bool, const char*, const char*) {}

 private:
  static std::int64_t within(std::int64_t low, std::int64_t high) {
    if (*rc::gen::inRange(0, 8) == 0) return *rc::gen::element(low, high);
    const std::int64_t near = std::min(high, low > high - 1000 ? high : low + 1000);
    return *rc::gen::oneOf(rc::gen::inRange(low, near), rc::gen::inRange(low, high));
  }

  static std::string of(const std::string& letters, int least, int most) {
    const int length = *rc::gen::inRange(least, most + 1);
    std::string made;
    for (int count = 0; count < length; ++count) made += letters[*rc::gen::inRange<std::size_t>(0, letters.size())];
    return made;
  }

  static std::string free_text() {
    static const std::vector<std::string> pieces{"Huế ", "ộ", "\"", "\\", "\n", "\t", "/", "~", "a", "\U0001F4E2", "\x7f", "}"};
    std::string made;
    const int length = *rc::gen::inRange(0, 8);
    for (int count = 0; count < length; ++count) made += pieces[*rc::gen::inRange<std::size_t>(0, pieces.size())];
    return made;
  }

  void fill(bool& value, const Anything&) { value = *rc::gen::arbitrary<bool>(); }
  void fill(std::int64_t& value, const Range& rule) { value = within(rule.low, rule.high); }
  void fill(int& value, const Range& rule) { value = static_cast<int>(within(rule.low, rule.high)); }
  void fill(double& value, const RealRange& rule) {
    value = rule.low + (rule.high - rule.low) * (*rc::gen::inRange(0, 1'000'000'007) / 1'000'000'007.0);
  }
  void fill(scheduler::Millis& value, const Range& rule) { value = scheduler::Millis{within(rule.low, rule.high)}; }
  void fill(TimePoint& value, const Anything&) { value = scheduler::from_ms(within(kTimeMs.low, kTimeMs.high)); }
  void fill(PublicKey& value, const Anything&) {
    for (auto& byte : value) byte = *rc::gen::arbitrary<unsigned char>();
  }

  /// Candidates of every kind of text that the rules know; the first that fits is taken.
  void fill(std::string& value, const TextRule& rule) {
    if (rule.may_be_empty && *rc::gen::inRange(0, 4) == 0) return value.clear();
    const std::vector<std::string> candidates{of("0123456789abcdef", 64, 64),
                                              to_base64url(of("abcdefghijklmnop", 16, 16)),
                                              free_text(),
                                              "https://" + of("abc.:/", 1, 20),
                                              of("abcXYZ012", 1, 20),
                                              of("abc012", 1, 20)};
    const std::size_t start = *rc::gen::inRange<std::size_t>(0, candidates.size());
    for (std::size_t step = 0; step < candidates.size(); ++step) {
      value = candidates[(start + step) % candidates.size()];
      if (!(rule.cut_when_written && value != printable(value, rule.most)) && !broken(value, rule)) return;
    }
    RC_FAIL("no candidate fits a text rule");
  }

  void fill(std::map<std::string, std::int64_t>& value, const List<Range>& rule) {
    const auto count = *rc::gen::inRange<std::size_t>(rule.least, 4);
    for (std::size_t index = 0; index < count; ++index) fill(value[of("abc_", 1, 8)], rule.each);
  }

  template <class T, class Each>
  void fill(std::vector<T>& value, const List<Each>& rule) {
    const auto most = std::min(rule.most, std::max<std::size_t>(rule.least, 4));
    value.resize(*rc::gen::inRange<std::size_t>(rule.least, most + 1));
    for (T& element : value) fill(element, rule.each);
  }

  template <class E>
    requires std::is_enum_v<E>
  void fill(E& value, const Anything&) {
    int count = 0;
    while (*name_of(static_cast<E>(count)) != '\0') ++count;
    value = static_cast<E>(*rc::gen::inRange(0, count));
  }

  template <class T>
    requires std::is_class_v<T>
  void fill(T& value, const Anything&) {
    describe(*this, value);
    repair(value);
  }

  // The rules between fields, which no single field can keep.
  template <class T>
  static void repair(T&) {}
  static void before(TimePoint& first, TimePoint& second) {
    if (second < first) std::swap(first, second);
    if (first == second) first == scheduler::from_ms(0) ? second += scheduler::Millis{1} : first -= scheduler::Millis{1};
  }
  static void repair(scheduler::Item& item) {
    using scheduler::ItemKind;
    item.sha256 = item.kind == ItemKind::clip ? of("0123456789abcdef", 64, 64) : "";
    item.url = item.kind == ItemKind::stream ? "https://" + of("abc.", 1, 9) : "";
    if (item.plain_http_allowed && item.kind == ItemKind::stream) item.url = "http://" + of("abc.", 1, 9);
  }
  static void repair(scheduler::Occurrence& occurrence) {
    if (occurrence.cls == scheduler::Class::emergency) occurrence.cls = scheduler::Class::normal;
  }
  template <class Hours>
    requires requires(Hours hours) { hours.from_minute; }
  static void repair(Hours& hours) {
    if (hours.from_minute > hours.to_minute) std::swap(hours.from_minute, hours.to_minute);
    if (hours.from_minute == hours.to_minute) hours.to_minute == 0 ? ++hours.to_minute : --hours.from_minute;
  }
  static void repair(scheduler::Plan& plan) {
    before(plan.from, plan.until);
    auto& all = plan.occurrences;
    for (std::size_t index = 0; index < all.size(); ++index) all[index].id += "." + std::to_string(index);
    std::sort(all.begin(), all.end(),
              [](const auto& a, const auto& b) { return std::tie(a.due, a.id) < std::tie(b.due, b.id); });
  }
  static void repair(scheduler::Alert& alert) { before(alert.sent, alert.expires); }
  static void repair(scheduler::AlertSnapshot& snapshot) {
    for (std::size_t index = 0; index < snapshot.alerts.size(); ++index) {
      snapshot.alerts[index].area = snapshot.area;
      snapshot.alerts[index].id += "." + std::to_string(index);
    }
  }
  static void repair(SigningKey& key) { before(key.not_before, key.not_after); }
  static void repair(KeySet& set) {
    for (std::size_t index = 0; index < set.keys.size(); ++index) set.keys[index].kid += "." + std::to_string(index);
  }
  static void repair(Order& order) { before(order.issued, order.expires); }
  static void repair(Receipt& receipt) { receipt.accepted = receipt.code.empty(); }
  static void repair(LogBatch& batch) {
    const std::int64_t first = std::min<std::int64_t>(batch.records.front().number, kRevision.high - 4);
    for (std::size_t index = 0; index < batch.records.size(); ++index) {
      batch.records[index].log_id = batch.log_id;
      batch.records[index].number = first + static_cast<std::int64_t>(index);
    }
  }

 public:
  template <class T>
  static T make() {
    T value;
    Filler{}.fill(value, Anything{});
    return value;
  }
};

}  // namespace loa::protocol::tests
