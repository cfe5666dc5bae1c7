#include "node-firmware/heard_alerts.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "protocol/enum_names.hpp"

namespace loa::node {

namespace json = boost::json;
using scheduler::Outcome;

namespace {

// Of `1.25`, what stands behind an alert's id: its revision and its repeat, by which soundings follow each other.
std::tuple<std::int64_t, std::int64_t> place_of(std::string_view numbers) {
  std::int64_t revision = 0, repeat = 0;
  const auto dot = numbers.find('.');
  std::from_chars(numbers.data(), numbers.data() + std::min(dot, numbers.size()), revision);
  if (dot != std::string_view::npos) std::from_chars(numbers.data() + dot + 1, numbers.data() + numbers.size(), repeat);
  return {revision, repeat};
}

}  // namespace

std::string write_heard(const scheduler::History& history, const std::vector<scheduler::Alert>& alerts) {
  std::map<std::string, Outcome> all;
  for (const auto& alert : alerts) {
    const auto prefix = alert.id + ".";
    std::vector<std::string> ended;
    auto entry = history.occurrences.lower_bound(prefix);
    for (; entry != history.occurrences.end() && entry->first.starts_with(prefix); ++entry)
      if (entry->second.outcome) ended.push_back(entry->first);
    const auto place = [&prefix](const std::string& id) { return place_of(std::string_view{id}.substr(prefix.size())); };
    std::sort(ended.begin(), ended.end(), [&place](const auto& a, const auto& b) { return place(a) > place(b); });
    if (ended.size() > kHeardOfAlert) ended.resize(kHeardOfAlert);
    for (const auto& id : ended) all[id] = *history.find(id)->outcome;
  }
  json::object text;
  for (const auto& [id, outcome] : all) text[id] = scheduler::name_of(outcome);
  return json::serialize(text);
}

void read_heard(const std::string& text, scheduler::History& history) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error || !value.is_object()) throw std::invalid_argument("no JSON object");
  std::map<std::string, Outcome> all;
  for (const auto& [id, name] : value.get_object()) {
    const auto outcome = name.is_string() ? protocol::enum_from_name<Outcome>(std::string_view{name.get_string()}) : std::nullopt;
    if (!outcome) throw std::invalid_argument("no outcome of " + std::string(id));
    all[std::string(id)] = *outcome;
  }
  for (const auto& [id, outcome] : all)
    if (auto& known = history.occurrences[id]; !known.outcome && !known.first_started) known.outcome = outcome;
}

}  // namespace loa::node
