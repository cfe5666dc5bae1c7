#pragma once
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/limits.hpp"
#include "protocol/rules.hpp"
#include "scheduler/plan.hpp"

// One description of each value serves the reader and the writer: field names, order and bounds as
// PROTOCOL.md has them.
namespace loa::protocol {

template <class Visitor, DescribedAs<scheduler::Origin> T>
void describe(Visitor& visit, T& origin) {
  visit("system", origin.system, text(kMaxWord));
  visit("id", origin.id, text(kMaxWord));
  visit("revision", origin.revision, kRevision);
}

template <class Visitor, DescribedAs<scheduler::Item> T>
void describe(Visitor& visit, T& item) {
  using scheduler::ItemKind;
  visit("kind", item.kind);
  visit("duration", item.duration, kDurationMs);
  visit("sha256", item.sha256, sha256_or_empty());
  visit("bytes", item.bytes, kCount);
  visit("url", item.url, address_or_empty());
  visit("plain_http_allowed", item.plain_http_allowed);
  visit.must((item.kind == ItemKind::clip) == !item.sha256.empty(), "sha256",
             "a clip has one, nothing else has");
  visit.must((item.kind == ItemKind::stream) == !item.url.empty(), "url",
             "a stream has one, nothing else has");
  const std::string_view url = item.url;
  visit.must(
      url.empty() || url.starts_with("https://") || (item.plain_http_allowed && url.starts_with("http://")),
      "url", "a stream comes over https unless plain_http_allowed");
}

template <class Visitor, DescribedAs<scheduler::Occurrence> T>
void describe(Visitor& visit, T& occurrence) {
  visit("id", occurrence.id, occurrence_id_rule());
  visit("broadcast_id", occurrence.broadcast_id, id());
  visit("programme_id", occurrence.programme_id, id_or_empty());
  visit("title", occurrence.title, text(kMaxTitle));
  visit("legal_field", occurrence.legal_field, text(kMaxWord));
  visit("language", occurrence.language, language_tag());
  visit("class", occurrence.cls);
  visit("origin", occurrence.origin);
  visit("due", occurrence.due);
  visit("duration", occurrence.duration, kDurationMs);
  visit("items", occurrence.items, List<>{0, kMaxItems});
  visit("substitutes", occurrence.substitutes, List<>{0, kMaxItems});
  visit("after_interrupt", occurrence.after_interrupt);
  visit("late", occurrence.late);
  visit("late_limit", occurrence.late_limit, kDurationMs);
  visit("volume", occurrence.volume, kPercent);
  visit.must(occurrence.cls != scheduler::Class::emergency, "class", "emergency exists only as an alert");
}

template <class Visitor, DescribedAs<scheduler::VolumeHours> T>
void describe(Visitor& visit, T& hours) {
  visit("from_minute", hours.from_minute, kMinuteOfDay);
  visit("to_minute", hours.to_minute, kMinuteOfDay);
  visit("volume", hours.volume, kPercent);
  visit.must(hours.from_minute < hours.to_minute, "to_minute", "not after from_minute");
}

template <class Visitor, DescribedAs<scheduler::StockClip> T>
void describe(Visitor& visit, T& clip) {
  visit("name", clip.name, text(kMaxWord));
  visit("sha256", clip.sha256, sha256());
  visit("bytes", clip.bytes, kCount);
  visit("duration", clip.duration, kDurationMs);
}

template <class Visitor, DescribedAs<scheduler::WantedSettings> T>
void describe(Visitor& visit, T& settings) {
  visit("mute", settings.mute);
  visit("volume", settings.volume, kPercent);
  visit("alert_volume", settings.alert_volume, kPercent);
  visit("volume_by_hour", settings.volume_by_hour, List<>{0, kMaxHours});
  visit("stock", settings.stock, List<>{0, kMaxStock});
  visit("stand_in", settings.stand_in, name(kMaxWord));
}

template <class Visitor, DescribedAs<scheduler::HourRange> T>
void describe(Visitor& visit, T& hours) {
  visit("from_minute", hours.from_minute, kMinuteOfDay);
  visit("to_minute", hours.to_minute, kMinuteOfDay);
  visit.must(hours.from_minute < hours.to_minute, "to_minute", "not after from_minute");
}

template <class Visitor, DescribedAs<scheduler::Fallback> T>
void describe(Visitor& visit, T& fallback) {
  visit("enabled", fallback.enabled);
  visit("gateways", fallback.gateways, List<TextRule>{0, kMaxAddresses, address()});
  visit("ca_pem", fallback.ca_pem, text(kMaxPem));
  visit("wait", fallback.wait, kDurationMs);
  visit("hours", fallback.hours, List<>{0, kMaxHours});
  visit("streams", fallback.streams, List<>{0, kMaxItems});
}

/// Whether occurrences stand by due time, then id, each id once.
inline bool in_order(const std::vector<scheduler::Occurrence>& occurrences) {
  std::set<std::string_view> ids;
  for (std::size_t index = 0; index < occurrences.size(); ++index) {
    const auto& here = occurrences[index];
    if (!ids.insert(here.id).second) return false;
    if (index == 0) continue;
    const auto& before = occurrences[index - 1];
    if (std::tie(here.due, here.id) < std::tie(before.due, before.id)) return false;
  }
  return true;
}

template <class Visitor, DescribedAs<scheduler::Plan> T>
void describe(Visitor& visit, T& plan) {
  visit.format();
  visit("aud", plan.node, id());
  visit("iat", plan.made);
  visit("exp", plan.until);
  visit("rev", plan.revision, kRevision);
  visit("from", plan.from);
  visit("time_zone", plan.time_zone, address());
  visit("utc_offset_minutes", plan.utc_offset_minutes, Range{-18 * 60, 18 * 60});
  visit("areas", plan.areas, List<TextRule>{1, kMaxAreas, area_id()});
  visit("settings", plan.settings);
  visit("brokers", plan.brokers, List<TextRule>{0, kMaxAddresses, address()});
  visit("files", plan.files, List<TextRule>{0, kMaxAddresses, address()});
  visit("fallback", plan.fallback);
  visit("occurrences", plan.occurrences, List<>{0, kMaxOccurrences});
  visit.must(plan.from < plan.until, "exp", "not after from");
  visit.must(in_order(plan.occurrences), "occurrences", "not by due, then id, each id once");
}

}  // namespace loa::protocol
