#include "node-firmware/plan_store.hpp"

#include "protocol/limits.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using protocol::max_signed;
using protocol::MessageType;

namespace {

constexpr std::size_t kMaxMarks = 64 * 1024;
constexpr std::size_t kMaxHeard = 256 * 1024;
constexpr const char* kKeys = "keys.jws";
constexpr const char* kHeard = "heard-alerts.json";
// The signed messages still stand on their own; what they say raises the marks again.
constexpr const char* kWithoutMarks = "starting without what it remembered of revisions and times";

std::string alert_file(const std::string& area) { return "alerts/" + area + ".jws"; }

}  // namespace

PlanStore::PlanStore(std::filesystem::path folder, DiskHealth& disk, DiskHook hook)
    : files_(std::move(folder)), disk_(disk), hook_(std::move(hook)) {
  make_private_folder(files_.folder());
  std::error_code unknown;
  const bool folder_there = std::filesystem::is_directory(files_.path("alerts"), unknown);
  if (!folder_there && std::filesystem::exists(std::filesystem::symlink_status(files_.path("alerts"), unknown)))
    files_.lose("alerts", "not a folder; starting without the alerts that it held");
  disk_.attempt("alerts", [this] { make_private_folder(files_.path("alerts")); });
  const auto text = files_.read("marks.json", kMaxMarks, kWithoutMarks);
  if (!text) return;
  try {
    marks_ = written_ = read_marks(*text);
  } catch (const std::exception& error) {
    files_.lose("marks.json", std::string(error.what()) + "; " + kWithoutMarks);
  }
}

void PlanStore::keep(const Marks& marks) {
  marks_ = marks;
  if (worth_writing(written_, marks)) keep_all();
}

void PlanStore::keep_all() {
  auto rounded = to_write(marks_);
  if (rounded == written_) return;
  put("marks.json", write(rounded));
  written_ = std::move(rounded);
}

std::optional<std::string> PlanStore::plan() {
  return files_.read("plan.jws", max_signed(MessageType::plan), "silent until a plan comes");
}
void PlanStore::keep_plan(const std::string& jws) { put("plan.jws", jws); }
void PlanStore::drop_plan() { put("plan.jws", std::nullopt); }

std::optional<std::string> PlanStore::keys(const std::function<std::string(const std::string&)>& good) {
  return files_.read_twice(kKeys, max_signed(MessageType::keys), "the bundle's key set counts until a newer one comes", good);
}
void PlanStore::keep_keys(const std::string& jws) { put(kKeys, jws); }

std::map<std::string, std::string> PlanStore::alerts() {
  std::vector<std::string> areas;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(files_.path("alerts"), error))
    if (const auto name = entry.path().stem().string(); entry.path().extension() == ".jws" && protocol::is_area_id(name)) areas.push_back(name);
  std::map<std::string, std::string> found;
  for (const auto& area : areas)
    if (auto jws = files_.read(alert_file(area), max_signed(MessageType::alert), "silent until the alerts of this area come again"))
      found[area] = std::move(*jws);
  return found;
}

void PlanStore::keep_alert(const std::string& area, const std::string& jws) {
  put(alert_file(area), jws);
}

void PlanStore::drop_alert(const std::string& area) { put(alert_file(area), std::nullopt); }

std::string PlanStore::heard_alerts() {
  return files_.read(kHeard, kMaxHeard, "an alert may be heard once more").value_or("");
}

void PlanStore::keep_heard_alerts(const std::string& text) { put(kHeard, text); }

void PlanStore::put(const std::string& name, std::optional<std::string> bytes) {
  refused_.erase(name);
  if (!disk_.may_try(name) || !put_now(name, bytes)) refused_[name] = std::move(bytes);
}

bool PlanStore::put_now(const std::string& name, const std::optional<std::string>& bytes) {
  return disk_.attempt(name, [&] {
    if (name.starts_with("alerts/")) make_private_folder(files_.path("alerts"));
    if (!bytes)
      remove_durably(files_.path(name));
    else if (name == kKeys)
      files_.write_twice(name, *bytes, hook_);
    else
      write_durably(files_.path(name), *bytes, hook_);
  });
}

void PlanStore::flush() {
  std::erase_if(refused_, [this](const auto& entry) { return disk_.may_try(entry.first) && put_now(entry.first, entry.second); });
}

}  // namespace loa::node
