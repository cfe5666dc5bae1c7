#include "controller/store/columns.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string_view>

namespace loa::store::sql {
namespace {

// Three numbers with these two characters between them; nothing for anything else.
std::optional<std::array<int, 3>> three_numbers(std::string_view word, std::string_view between) {
  std::array<int, 3> numbers{};
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto parsed = std::from_chars(word.data(), word.data() + word.size(), numbers[i]);
    if (parsed.ec != std::errc{}) return std::nullopt;
    word.remove_prefix(static_cast<std::size_t>(parsed.ptr - word.data()));
    if (i == between.size()) break;
    if (!word.starts_with(between[i])) return std::nullopt;
    word.remove_prefix(1);
  }
  return word.empty() ? std::optional(numbers) : std::nullopt;
}

[[noreturn]] void damaged(const std::string& text) {
  throw std::runtime_error("store: cannot read a list in the database: " + text);
}

// `days:from-to` each
std::string to_text(const std::vector<scheduler::PolicyWindow>& windows) {
  std::vector<std::string> list;
  for (const auto& w : windows) list.push_back(fmt::format("{}:{}-{}", w.weekdays, w.from_minute, w.to_minute));
  return join_words(list);
}

std::vector<scheduler::PolicyWindow> to_windows(const std::string& text) {
  std::vector<scheduler::PolicyWindow> windows;
  for (const auto& word : split_words(text)) {
    const auto numbers = three_numbers(word, ":-");
    if (!numbers) damaged(text);
    auto& w = windows.emplace_back();
    w.weekdays = static_cast<std::uint8_t>((*numbers)[0]);
    w.from_minute = (*numbers)[1];
    w.to_minute = (*numbers)[2];
  }
  return windows;
}

// `from-to:volume` each
std::string to_text(const std::vector<scheduler::VolumeHours>& hours) {
  std::vector<std::string> list;
  for (const auto& h : hours) list.push_back(fmt::format("{}-{}:{}", h.from_minute, h.to_minute, h.volume));
  return join_words(list);
}

std::vector<scheduler::VolumeHours> to_hours(const std::string& text) {
  std::vector<scheduler::VolumeHours> hours;
  for (const auto& word : split_words(text)) {
    const auto numbers = three_numbers(word, "-:");
    if (!numbers) damaged(text);
    auto& h = hours.emplace_back();
    h.from_minute = (*numbers)[0];
    h.to_minute = (*numbers)[1];
    h.volume = (*numbers)[2];
  }
  return hours;
}

}  // namespace

void words(Columns& c, const char* name, std::vector<std::string>& list, char separator) {
  c(name, [&] { return join_words(list, separator); },
    [&](const std::string& text) { list = split_words(text, separator); });
}

void origin_columns(Columns& c, std::optional<scheduler::Origin>& origin) {
  std::optional<std::string> system, id;
  std::optional<std::int64_t> revision;
  if (origin) {
    system = origin->system;
    id = origin->id;
    revision = origin->revision;
  }
  c("origin_system", system);
  c("origin_id", id);
  c("origin_revision", revision);
  if (!c.reading()) return;
  origin.reset();
  if (system && id && revision) origin = scheduler::Origin{*system, *id, *revision};
}

void settings_columns(Columns& c, OwnSettings& settings) {
  c("mute", settings.mute);
  c("volume", settings.volume);
  c("alert_volume", settings.alert_volume);
  c("volume_by_hour",
    [&] {
      return settings.volume_by_hour ? std::optional<std::string>(to_text(*settings.volume_by_hour)) : std::nullopt;
    },
    [&](const std::optional<std::string>& text) {
      settings.volume_by_hour.reset();
      if (text) settings.volume_by_hour = to_hours(*text);
    });
  c("stand_in", settings.stand_in);
}

void policy_columns(Columns& c, AreaPolicy& policy) {
  auto& limits = policy.limits;
  c("self_approval", policy.self_approval);
  c("windows",
    [&] { return limits.windows ? std::optional<std::string>(to_text(*limits.windows)) : std::nullopt; },
    [&](const std::optional<std::string>& text) {
      limits.windows.reset();
      if (text) limits.windows = to_windows(*text);
    });
  c("max_session_minutes", limits.max_session_minutes);
  c("max_sessions_a_day", limits.max_sessions_a_day);
  c("session_gap_minutes", limits.session_gap_minutes);
}

}  // namespace loa::store::sql
