#include "node-firmware/plan_store.hpp"

#include <spdlog/spdlog.h>

namespace loa::node {

namespace {

constexpr std::size_t kMaxSigned = 512 * 1024;
constexpr std::size_t kMaxMarks = 64 * 1024;

}  // namespace

PlanStore::PlanStore(std::filesystem::path folder, DiskHook hook) : folder_(std::move(folder)), hook_(std::move(hook)) {
  make_private_folder(folder_);
  make_private_folder(folder_ / "alerts");
  const auto text = read_whole(folder_ / "marks.json", kMaxMarks);
  if (!text) return;
  try {
    marks_ = read_marks(*text);
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
