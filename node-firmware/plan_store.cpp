#include "node-firmware/plan_store.hpp"

#include <spdlog/spdlog.h>

#include <boost/json.hpp>

namespace loa::node {

namespace json = boost::json;
using scheduler::from_ms;
using scheduler::to_ms;

namespace {

constexpr std::size_t kMaxSigned = 512 * 1024;
constexpr std::size_t kMaxMarks = 64 * 1024;

std::string write(const Marks& marks) {
  json::object alert_highest;
  for (const auto& [area, revision] : marks.alert_highest) alert_highest[area] = revision;
  json::object all{{"plan_highest", marks.plan_highest},
                   {"newest_signed", to_ms(marks.newest_signed)},
                   {"last_head_issued", to_ms(marks.last_head_issued)},
                   {"session_number", marks.session_number},
                   {"areas", json::value_from(marks.areas)},
                   {"alert_highest", std::move(alert_highest)}};
  if (marks.clock) all["clock"] = {{"boot_id", marks.clock->boot_id}, {"offset_ns", marks.clock->offset_ns}};
  return json::serialize(all);
}

Marks read(const std::string& text) {
  const auto all = json::parse(text).as_object();
  Marks marks;
  marks.plan_highest = all.at("plan_highest").as_int64();
  marks.newest_signed = from_ms(all.at("newest_signed").as_int64());
  marks.last_head_issued = from_ms(all.at("last_head_issued").as_int64());
  marks.session_number = all.at("session_number").as_int64();
  marks.areas = json::value_to<std::vector<std::string>>(all.at("areas"));
  for (const auto& [area, revision] : all.at("alert_highest").as_object()) marks.alert_highest[area] = revision.as_int64();
  if (const auto* clock = all.if_contains("clock"))
    marks.clock = HeldOffset{json::value_to<std::string>(clock->at("boot_id")), clock->at("offset_ns").as_int64()};
  return marks;
}

}  // namespace

PlanStore::PlanStore(std::filesystem::path folder, DiskHook hook) : folder_(std::move(folder)), hook_(std::move(hook)) {
  make_private_folder(folder_);
  make_private_folder(folder_ / "alerts");
  const auto text = read_whole(folder_ / "marks.json", kMaxMarks);
  if (!text) return;
  try {
    marks_ = read(*text);
  } catch (const std::exception& error) {
    // Only a damaged disk brings us here. The signed messages still stand on their own; what they say raises the marks again.
    spdlog::error("{}: damaged, starting without it: {}", (folder_ / "marks.json").string(), error.what());
  }
}

void PlanStore::keep(const Marks& marks) {
  if (marks == marks_) return;
  write_durably(folder_ / "marks.json", write(marks), hook_);
  marks_ = marks;
}

std::optional<std::string> PlanStore::plan() const { return read_whole(folder_ / "plan.jws", kMaxSigned); }
void PlanStore::keep_plan(const std::string& jws) { write_durably(folder_ / "plan.jws", jws, hook_); }
void PlanStore::drop_plan() { remove_durably(folder_ / "plan.jws"); }

std::optional<std::string> PlanStore::keys() const { return read_whole(folder_ / "keys.jws", kMaxSigned); }
void PlanStore::keep_keys(const std::string& jws) { write_durably(folder_ / "keys.jws", jws, hook_); }

std::map<std::string, std::string> PlanStore::alerts() const {
  std::map<std::string, std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder_ / "alerts")) {
    if (entry.path().extension() != ".jws") continue;
    if (auto jws = read_whole(entry.path(), kMaxSigned)) found[entry.path().stem().string()] = std::move(*jws);
  }
  return found;
}

void PlanStore::keep_alert(const std::string& area, const std::string& jws) {
  write_durably(folder_ / "alerts" / (area + ".jws"), jws, hook_);
}

void PlanStore::drop_alert(const std::string& area) { remove_durably(folder_ / "alerts" / (area + ".jws")); }

}  // namespace loa::node
