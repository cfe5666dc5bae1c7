#include "node-firmware/marks.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "protocol/key_ring.hpp"

namespace loa::node {

namespace json = boost::json;
using scheduler::from_ms;
using scheduler::TimePoint;
using scheduler::to_ms;

namespace {

constexpr std::chrono::hours kLate{6};

template <class T>
T highest(const Marks& marks, T KeyMarks::*member) {
  T most{};
  for (const auto& [kid, of_key] : marks.by_key) most = std::max(most, of_key.*member);
  return most;
}

json::object to_json(const KeyMarks& marks) {
  json::object alert_highest;
  for (const auto& [area, revision] : marks.alert_highest) alert_highest[area] = revision;
  return {{"plan_highest", marks.plan_highest},
          {"newest_signed", to_ms(marks.newest_signed)},
          {"last_head_issued", to_ms(marks.last_head_issued)},
          {"alert_highest", std::move(alert_highest)},
          {"acked", marks.acked},
          {"last_ack_issued", to_ms(marks.last_ack_issued)}};
}

KeyMarks key_marks(const json::object& from) {
  KeyMarks marks;
  marks.plan_highest = from.at("plan_highest").as_int64();
  marks.newest_signed = from_ms(from.at("newest_signed").as_int64());
  marks.last_head_issued = from_ms(from.at("last_head_issued").as_int64());
  for (const auto& [area, revision] : from.at("alert_highest").as_object()) marks.alert_highest[area] = revision.as_int64();
  if (const auto* acked = from.if_contains("acked")) {
    marks.acked = acked->as_int64();
    marks.last_ack_issued = from_ms(from.at("last_ack_issued").as_int64());
  }
  return marks;
}

}  // namespace

std::int64_t Marks::plan_highest() const { return highest(*this, &KeyMarks::plan_highest); }
TimePoint Marks::newest_signed() const { return highest(*this, &KeyMarks::newest_signed); }
TimePoint Marks::last_head_issued() const { return highest(*this, &KeyMarks::last_head_issued); }
std::int64_t Marks::acked() const { return highest(*this, &KeyMarks::acked); }
TimePoint Marks::last_ack_issued() const { return highest(*this, &KeyMarks::last_ack_issued); }

std::int64_t Marks::alert_highest(const std::string& area) const {
  std::int64_t most = 0;
  for (const auto& [kid, of_key] : by_key)
    if (const auto found = of_key.alert_highest.find(area); found != of_key.alert_highest.end()) most = std::max(most, found->second);
  return most;
}

void Marks::keep_areas() {
  for (auto& [kid, of_key] : by_key)
    std::erase_if(of_key.alert_highest,
                  [this](const auto& entry) { return std::find(areas.begin(), areas.end(), entry.first) == areas.end(); });
}

bool worth_writing(const Marks& written, const Marks& now) {
  auto calm = to_write(now);
  for (auto& [kid, of_key] : calm.by_key) {
    const auto before = written.by_key.find(kid);
    if (before == written.by_key.end()) continue;
    const auto wait = [](TimePoint& later, TimePoint earlier) {
      if (later >= earlier && later - earlier < kLate) later = earlier;
    };
    wait(of_key.newest_signed, before->second.newest_signed);
    wait(of_key.last_head_issued, before->second.last_head_issued);
    wait(of_key.last_ack_issued, before->second.last_ack_issued);
    if (of_key.last_ack_issued == before->second.last_ack_issued) of_key.acked = before->second.acked;
  }
  return calm != written;
}

Marks to_write(Marks marks) {
  constexpr std::int64_t kBlock = 16;
  marks.session_number = (marks.session_number + kBlock - 1) / kBlock * kBlock;
  return marks;
}

std::string write(const Marks& marks) {
  json::object keys;
  for (const auto& [kid, of_key] : marks.by_key) keys[kid] = to_json(of_key);
  json::object all{{"by_key", std::move(keys)},
                   {"session_number", marks.session_number},
                   {"areas", json::value_from(marks.areas)},
                   {"head_kid", marks.head_kid}};
  if (marks.clock) {
    const auto& clock = *marks.clock;
    all["clock"] = {{"boot_id", clock.boot_id},
                    {"offset_ns", clock.offset_ns},
                    {"error_ns", clock.bound.error.count()},
                    {"at_ns", clock.bound.at.count()}};
  }
  if (marks.wishes) all["wishes"] = {{"mute", marks.wishes->mute}, {"alert_volume", marks.wishes->alert_volume}, {"kid", marks.wishes->kid}};
  return json::serialize(all);
}

Marks read_marks(const std::string& text) {
  const auto document = json::parse(text);
  const auto& all = document.as_object();
  Marks marks;
  if (const auto* keys = all.if_contains("by_key")) {
    for (const auto& [kid, of_key] : keys->as_object())
      if (std::string_view(kid) != protocol::kRootKid) marks.by_key[kid] = key_marks(of_key.as_object());
    marks.head_kid = json::value_to<std::string>(all.at("head_kid"));
  } else {
    marks.by_key[""] = key_marks(all);
  }
  marks.session_number = all.at("session_number").as_int64();
  marks.areas = json::value_to<std::vector<std::string>>(all.at("areas"));
  if (const auto* clock = all.if_contains("clock")) {
    marks.clock = HeldOffset{json::value_to<std::string>(clock->at("boot_id")), clock->at("offset_ns").as_int64(), {}};
    if (clock->as_object().contains("error_ns"))  // of a version that did not keep it: right at boot
      marks.clock->bound = {std::chrono::nanoseconds(clock->at("error_ns").as_int64()), Monotonic(clock->at("at_ns").as_int64())};
  }
  if (const auto* wishes = all.if_contains("wishes"))
    marks.wishes = AlertWishes{wishes->at("mute").as_bool(), std::clamp(static_cast<int>(wishes->at("alert_volume").as_int64()), 0, 100),
                               json::value_to<std::string>(wishes->at("kid"))};
  return marks;
}

}  // namespace loa::node
