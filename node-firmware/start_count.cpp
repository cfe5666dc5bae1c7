#include "node-firmware/start_count.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace loa::node {

namespace {

constexpr std::size_t kMostWords = 300;  // bytes of what is remembered of a death
constexpr std::chrono::seconds kStep{5};
constexpr std::chrono::seconds kLongest{60};

}  // namespace

StartCount::StartCount(std::filesystem::path folder) : file_(folder.empty() ? folder : folder / "starts") {}

StartCount::Kept StartCount::read() const {
  Kept kept;
  std::ifstream in(file_);
  if (!(in >> kept.deaths) || kept.deaths < 0) return {};
  in.ignore(1);
  std::getline(in, kept.why);
  return kept;
}

void StartCount::write(const Kept& kept) const {
  if (file_.empty()) return;
  std::ofstream out(file_, std::ios::trunc);
  out << kept.deaths << ' ' << kept.why.substr(0, kMostWords) << '\n';
  if (!out.flush()) spdlog::warn("{}: cannot write: quick deaths are not counted", file_.string());
}

StartCount::Start StartCount::begin() {
  if (file_.empty()) return {};
  auto kept = read();
  Start start;
  start.deaths = kept.deaths;
  start.wait = std::min(kLongest, kStep * std::max(0, kept.deaths - 1));
  if (kept.deaths >= kSafeAfter)
    start.safe = fmt::format("died {} times in a row, each within {} minutes; the last time: {}", kept.deaths, kGood.count(),
                             kept.why.empty() ? "without a word (killed, or a crash)" : kept.why);
  kept.deaths = std::min(kept.deaths + 1, 1000);
  kept.why.clear();  // whoever dies now says so, or does not
  write(kept);
  return start;
}

void StartCount::good() { write({}); }
void StartCount::ended() { write({}); }
void StartCount::trial() { write({kSafeAfter - 1, read().why}); }

void StartCount::dies(const std::string& why) {
  auto kept = read();
  kept.why = why;
  std::replace(kept.why.begin(), kept.why.end(), '\n', ' ');
  write(kept);
}

std::filesystem::path runtime_folder() {
  const char* folders = std::getenv("RUNTIME_DIRECTORY");
  if (!folders || folders[0] != '/') return {};
  const std::string all = folders;
  return all.substr(0, all.find(':'));
}

}  // namespace loa::node
