#include "scheduler/policy.hpp"

#include <algorithm>
#include <map>

namespace loa::scheduler {
namespace {

using namespace std::chrono;

constexpr int kDayMinutes = 24 * 60;

// Whether [from, to) of one local day lies in the union of that weekday's windows.
bool covered(const std::vector<PolicyWindow>& windows, LocalDay day, seconds from, seconds to) {
  const unsigned bit = 1u << (weekday{day}.iso_encoding() - 1);
  bool advanced = true;
  while (from < to && advanced) {
    advanced = false;
    for (const PolicyWindow& w : windows) {
      if (!(w.weekdays & bit) || minutes{w.from_minute} > from || minutes{w.to_minute} <= from) continue;
      from = minutes{w.to_minute};
      advanced = true;
    }
  }
  return from >= to;
}

// Goes through one node's occurrences in time and keeps the sessions that they make.
class Sessions {
 public:
  Sessions(const Policy& policy, const std::string& zone)
      : policy_(policy),
        zone_(zone),
        gap_(minutes{policy.session_gap_minutes.value_or(kSessionGapMinutes)}) {}

  // Empty: the occurrence sounds; else the code of what forbids it.
  const char* add(const Occurrence& o) {
    if (o.duration > longest()) return "quota_minutes";
    if (last_ && o.due <= last_->end + gap_) return add_to_last(o);
    int& today = by_day_[floor<days>(to_local(o.due, zone_))];
    if (policy_.max_sessions_a_day && today >= *policy_.max_sessions_a_day) return "quota_sessions";
    ++today;
    last_ = Session{o.due, o.end()};
    return "";
  }

 private:
  struct Session {
    TimePoint start, end;
  };

  Millis longest() const {
    return policy_.max_session_minutes ? minutes{*policy_.max_session_minutes} : Millis::max();
  }

  const char* add_to_last(const Occurrence& o) {
    const TimePoint end = std::max(last_->end, o.end());
    if (end - last_->start > longest()) return "quota_minutes";
    last_->end = end;
    return "";
  }

  const Policy& policy_;
  const std::string& zone_;
  const Millis gap_;
  std::optional<Session> last_;
  std::map<LocalDay, int> by_day_;
};

}  // namespace

Policy resolve_policy(const std::vector<Policy>& chain) {
  Policy result;
  for (const Policy& area : chain) {
    if (area.windows) result.windows = area.windows;
    if (area.max_session_minutes) result.max_session_minutes = area.max_session_minutes;
    if (area.max_sessions_a_day) result.max_sessions_a_day = area.max_sessions_a_day;
    if (area.session_gap_minutes) result.session_gap_minutes = area.session_gap_minutes;
  }
  return result;
}

std::optional<Problem> check_policy(const Policy& policy) {
  const auto bad = [](std::string where, std::string message) {
    return Problem{.code = "bad_policy", .where = std::move(where), .message = std::move(message)};
  };
  if (policy.windows && policy.windows->size() > 50) return bad("/windows", "more than 50 windows");
  for (std::size_t i = 0; policy.windows && i < policy.windows->size(); ++i) {
    const PolicyWindow& w = (*policy.windows)[i];
    const std::string where = "/windows/" + std::to_string(i);
    if (w.weekdays == 0 || w.weekdays > 0x7f) return bad(where + "/weekdays", "a window needs weekdays");
    if (w.from_minute < 0 || w.to_minute > kDayMinutes || w.from_minute >= w.to_minute)
      return bad(where, "a window must begin before it ends, within one day");
  }
  const auto limited = [](const std::optional<int>& value, int least) {
    return !value || (*value >= least && *value <= kDayMinutes);
  };
  if (!limited(policy.max_session_minutes, 1)) return bad("/max_session_minutes", "must be 1 to 1440");
  if (!limited(policy.max_sessions_a_day, 0)) return bad("/max_sessions_a_day", "must be 0 to 1440");
  if (!limited(policy.session_gap_minutes, 0)) return bad("/session_gap_minutes", "must be 0 to 1440");
  return {};
}

bool inside_windows(const Policy& policy, TimePoint due, Millis duration, const std::string& zone) {
  if (!policy.windows) return true;
  // A part of a second counts as a whole one.
  const LocalTime end = to_local(due + duration + Millis{999}, zone);
  LocalTime from = to_local(due, zone);
  do {
    const LocalDay day = floor<days>(from);
    const LocalTime to = std::min(end, LocalTime{day + days{1}});
    if (!covered(*policy.windows, day, from - day, to - day)) return false;
    from = day + days{1};
  } while (from < end);
  return true;
}

std::vector<Veto> vetoes(const Policy& policy, const std::vector<Occurrence>& occurrences,
                         const std::string& zone) {
  std::vector<Veto> taken;
  Sessions sessions(policy, zone);
  for (const Occurrence& o : occurrences) {
    const std::string code =
        inside_windows(policy, o.due, o.duration, zone) ? sessions.add(o) : "outside_window";
    if (!code.empty()) taken.push_back({o.id, o.due, code});
  }
  return taken;
}

}  // namespace loa::scheduler
