#pragma once
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/playhead.hpp"
#include "scheduler/succession.hpp"

// Lives through a stretch of time as a node does: asks at(), applies, and sleeps until `wake` or the next event.
namespace loa::tests {

using namespace loa::scheduler;

/// 2026-11-24T06:00:00 in Asia/Ho_Chi_Minh; the second 0 of every scene.
inline constexpr TimePoint kStart = from_ms(1795474800000);
inline TimePoint at_second(double s) { return kStart + Millis{static_cast<std::int64_t>(s * 1000)}; }

struct Simulation {
  std::optional<Plan> plan = Plan{.node = "n-1", .revision = 1, .from = kStart, .until = at_second(86400)};
  std::vector<Alert> alerts;
  std::vector<StockClip> shipped;
  History history;
  TimePoint now = kStart;
  std::function<void(const Simulation&, const Decision&)> inspect;  ///< called at each look, before it is applied

  struct Heard {
    TimePoint from, until;
    Sounding what;
  };
  std::vector<Heard> heard;
  std::vector<Ended> ended;
  std::vector<std::string> faults;  ///< broken promises of the playhead itself
  int looks = 0;
  std::optional<Sounding> promised;  ///< `next` of the last look, asked after it was applied

  void on(double second, std::function<void(Simulation&)> act) { events_.emplace(at_second(second), std::move(act)); }
  void take_plan(Plan next);
  void run(double until_second);

  /// "0-20 A:a; 20-50 A:b+5 | A played": what was heard (seconds, occurrence:clip+offset), then the outcomes by id.
  std::string story() const;

 private:
  void look();
  void close(TimePoint time);
  void record(const std::vector<Ended>& list);
  std::multimap<TimePoint, std::function<void(Simulation&)>> events_;
};

/// A clip that is named and, in its history, known by `name`.
Item clip(const std::string& name, double seconds);

/// An occurrence of normal class with clips named by the letters given.
Occurrence occurrence(const std::string& id, double due, std::vector<Item> items, Class cls = Class::normal);

/// An actual alert sent at `sent` that sounds once and is in force for `seconds`.
Alert alert(const std::string& id, double sent, double seconds, std::optional<Item> own = {});

/// Puts occurrences into the plan, by due, then id.
void plan_of(Simulation& scene, std::vector<Occurrence> occurrences);

/// A tone of 2 s ("tone"), a stock clip of 10 s ("flood") and the words of an exercise (3 s) and a test (4 s) among the wanted
/// settings, all playable.
void with_stock(Simulation& scene);

}  // namespace loa::tests
