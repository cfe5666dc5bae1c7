#include "node-firmware/cache.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <iterator>
#include <system_error>

#include "node-firmware/durable_file.hpp"
#include "node-firmware/file_hash.hpp"

namespace loa::node {
namespace {

namespace fs = std::filesystem;

/// Kept free for everything else that this node must write.
constexpr std::int64_t kDiskReserve = 16LL << 20;

constexpr std::uintmax_t kMostProofs = 4u << 20;  ///< bytes of verified.json that are read

struct FileState {
  std::int64_t size = 0, mtime_ns = 0, inode = 0;
};

std::optional<FileState> state_of(const fs::path& file) {
  struct stat info {};
  if (::lstat(file.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) return {};
  return FileState{info.st_size, info.st_mtim.tv_sec * 1'000'000'000LL + info.st_mtim.tv_nsec,
                   static_cast<std::int64_t>(info.st_ino)};
}

std::int64_t whole(const boost::json::object& object, const char* name) {
  const auto* value = object.if_contains(name);
  return value && value->is_int64() ? value->as_int64() : 0;
}

constexpr const char* kIndex = "clips/verified.json";
constexpr const char* kClips = "clips";
constexpr const char* kReading = "clips (reading)";  // forgiven when one is read, not when one is written
constexpr int kMostUnread = 3;

void sync_folder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int why = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) throw std::system_error(why, std::generic_category(), folder.string() + ": cannot sync");
}

/// What stands in a folder; nothing where it cannot be read.
std::vector<fs::directory_entry> entries_of(const fs::path& folder) {
  std::vector<fs::directory_entry> all;
  std::error_code error;
  for (fs::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) all.push_back(*entry);
  return all;
}

/// Whether two states are of one file with the same bytes, as far as can be told without reading it.
bool same(const FileState& a, std::int64_t size, std::int64_t mtime_ns, std::int64_t inode) {
  return a.size == size && a.mtime_ns == mtime_ns && a.inode == inode;
}

}  // namespace

bool is_sha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Cache::Cache(CacheSettings settings, DiskHealth& disk) : settings_(std::move(settings)), disk_(disk) {
  std::error_code absent;
  if (const auto kind = fs::status(settings_.folder, absent).type(); kind != fs::file_type::directory && kind != fs::file_type::not_found) {
    spdlog::error("{}: damaged: not a folder; clips are fetched anew (set aside as {}.damaged)", settings_.folder.string(), settings_.folder.string());
    set_aside(settings_.folder);
  }
  disk_.attempt(kClips, [this] {
    fs::create_directories(settings_.folder);
    load();
    scan_own();
  });
  scan_stock();
}

fs::path Cache::clip(const std::string& sha256) const { return settings_.folder / (sha256 + ".opus"); }
fs::path Cache::part(const std::string& sha256) const { return settings_.folder / (sha256 + ".part"); }

void Cache::scan_own() {
  std::map<std::string, Proof> here;
  std::error_code refused;  // by a read-only disk: then it is in the way of nothing
  for (const auto& entry : entries_of(settings_.folder)) {
    const fs::path& file = entry.path();
    const std::string name = file.stem().string();
    const bool is_file = entry.symlink_status().type() == fs::file_type::regular;
    if (file.filename() == "verified.json" && is_file) continue;
    if (!is_sha256(name) || !is_file) {
      fs::remove_all(file, refused);
      continue;
    }
    if (file.extension() == ".part") continue;
    if (file.extension() != ".opus") {
      fs::remove(file, refused);
      continue;
    }
    here[name] = {};
  }
  for (auto& [sha256, proof] : here) {
    const auto known = proofs_.find(sha256);
    if (known == proofs_.end()) {
      fs::rename(clip(sha256), part(sha256), refused);
    } else {
      proof = known->second;
    }
  }
  std::erase_if(here, [&](const auto& entry) { return !proofs_.count(entry.first); });
  proofs_ = std::move(here);
  std::vector<std::string> names;
  for (const auto& [sha256, proof] : proofs_) names.push_back(sha256);
  for (const auto& sha256 : names) find(sha256);  // what changed since its proof loses its name
}

void Cache::scan_stock() {
  if (settings_.stock.empty() || !fs::is_directory(settings_.stock)) return;
  for (const auto& entry : entries_of(settings_.stock)) {
    if (entry.path().extension() != ".opus" || !entry.is_regular_file()) continue;
    const auto sha256 = hash_of_file(entry.path());
    if (!sha256) continue;
    stock_by_hash_[*sha256] = entry.path();
    stock_by_name_[entry.path().stem().string()] = *sha256;
  }
}

void Cache::load() {
  const fs::path file = settings_.folder / "verified.json";
  std::error_code unknown;
  if (!fs::is_regular_file(file, unknown) || fs::file_size(file, unknown) > kMostProofs) return;
  std::ifstream in(file);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  boost::system::error_code error;
  const auto json = boost::json::parse(text, error);
  if (error || !json.is_object()) return;  // everything is proved anew
  for (const auto& [name, value] : json.as_object()) {
    if (!is_sha256(name) || !value.is_object()) continue;
    const auto& object = value.as_object();
    proofs_[name] = {whole(object, "size"), whole(object, "mtime_ns"), whole(object, "inode"), whole(object, "planned_ms"), {}};
  }
}

void Cache::save() {
  boost::json::object json;
  for (const auto& [sha256, proof] : proofs_) {
    json[sha256] = {{"size", proof.size}, {"mtime_ns", proof.mtime_ns}, {"inode", proof.inode}, {"planned_ms", proof.planned_ms}};
  }
  unsaved_ = !disk_.may_try(kIndex) || !disk_.attempt(kIndex, [&] { write_durably(settings_.folder / "verified.json", boost::json::serialize(json) + '\n'); });
}

std::optional<fs::path> Cache::find(const std::string& sha256) {
  if (const auto proof = proofs_.find(sha256); proof != proofs_.end()) {
    const auto now = state_of(clip(sha256));
    const Proof& then = proof->second;
    if (now && same(*now, then.size, then.mtime_ns, then.inode)) return clip(sha256);
    demote(sha256);
  }
  const auto stock = stock_by_hash_.find(sha256);
  if (stock == stock_by_hash_.end()) return {};
  return stock->second;
}

void Cache::demote(const std::string& sha256) {
  proofs_.erase(sha256);
  std::error_code gone;
  fs::rename(clip(sha256), part(sha256), gone);
  lost_ = true;
  save();
}

std::optional<Cache::Held> Cache::to_prove(scheduler::TimePoint soon, std::chrono::nanoseconds before, bool any) const {
  const Proof* best = nullptr;
  const std::string* name = nullptr;
  auto first = soon;
  for (const WantedClip& wanted : wanted_) {  // what is needed first
    const auto proof = proofs_.find(wanted.sha256);
    if (wanted.needed > first || proof == proofs_.end() || proof->second.proved >= before) continue;
    if (best && wanted.needed == first && proof->second.proved >= best->proved) continue;
    first = wanted.needed;
    best = &proof->second;
    name = &proof->first;
  }
  if (!best && any)
    for (const auto& [sha256, proof] : proofs_) {
      if (proof.proved >= before || (best && proof.proved >= best->proved)) continue;
      best = &proof;
      name = &sha256;
    }
  if (!best) return std::nullopt;
  return Held{*name, clip(*name), best->size, best->mtime_ns, best->inode};
}

void Cache::tell_unreadable(const std::string& sha256, const std::string& why) {
  disk_.attempt(kReading, [&] { throw DiskFault("clip " + sha256.substr(0, 12) + ": " + why, EIO); });
}

void Cache::could_not_read(const std::string& sha256, const std::string& why) {
  tell_unreadable(sha256, why);
  if (const auto proof = proofs_.find(sha256); proof != proofs_.end()) proof->second.proved = {};
}

void Cache::judge(const Held& clip, Bytes bytes, std::chrono::nanoseconds now) {
  const auto proof = proofs_.find(clip.sha256);
  const auto state = state_of(clip.file);
  if (proof == proofs_.end() || !state || !same(*state, clip.size, clip.mtime_ns, clip.inode)) return;
  if (bytes == Bytes::good) {
    proof->second.proved = now;
    proof->second.unread = 0;
    disk_.attempt(kReading, [] {});
    return;
  }
  if (bytes == Bytes::unreadable) {
    tell_unreadable(clip.sha256, "cannot be read");
    if (++proof->second.unread < kMostUnread) return;
  }
  spdlog::error("clip {}: its bytes {}: it is fetched anew", clip.sha256, bytes == Bytes::changed ? "changed on the disk" : "cannot be read again and again");
  proofs_.erase(proof);
  disk_.attempt(kClips, [&] { fs::remove(clip.file); });
  lost_ = true;
  save();
}

std::optional<std::pair<std::string, fs::path>> Cache::shipped(const std::string& name) const {
  const auto found = stock_by_name_.find(name);
  if (found == stock_by_name_.end()) return {};
  return std::pair{found->second, stock_by_hash_.at(found->second)};
}

void Cache::want(std::vector<WantedClip> clips) {
  wanted_ = std::move(clips);
  wanted_names_.clear();
  for (const WantedClip& clip : wanted_) wanted_names_.insert(clip.sha256);
  bool changed = false;
  for (const WantedClip& clip : wanted_) {
    const auto proof = proofs_.find(clip.sha256);
    if (proof == proofs_.end() || proof->second.planned_ms >= scheduler::to_ms(clip.needed)) continue;
    proof->second.planned_ms = scheduler::to_ms(clip.needed);
    changed = true;
  }
  std::error_code refused;
  for (const auto& entry : entries_of(settings_.folder)) {
    if (entry.path().extension() == ".part" && !is_wanted(entry.path().stem().string())) fs::remove(entry.path(), refused);
  }
  if (changed) save();
}

std::int64_t Cache::folder_bytes() const {
  std::int64_t sum = 0;
  for (const auto& entry : entries_of(settings_.folder)) {
    if (const auto state = state_of(entry.path())) sum += state->size;
  }
  return sum;
}

std::int64_t Cache::disk_free() const {
  std::error_code error;
  const auto space = fs::space(settings_.folder, error);
  return error ? 0 : static_cast<std::int64_t>(space.available);
}

bool Cache::make_room(std::int64_t bytes) {
  const auto fits = [&] { return folder_bytes() + bytes <= settings_.budget_bytes && disk_free() >= bytes + kDiskReserve; };
  bool evicted = false;
  while (!fits()) {
    const std::string* oldest = nullptr;
    std::int64_t oldest_ms = 0;
    for (const auto& [sha256, proof] : proofs_) {
      if (is_wanted(sha256) || (oldest && proof.planned_ms >= oldest_ms)) continue;
      oldest = &sha256;
      oldest_ms = proof.planned_ms;
    }
    if (!oldest) break;
    if (!disk_.attempt(kClips, [&] { fs::remove(clip(*oldest)); })) break;
    proofs_.erase(std::string(*oldest));
    evicted = true;
  }
  if (evicted) save();
  return fits();
}

bool Cache::accept(const std::string& sha256) {
  const bool named = disk_.attempt(kClips, [&] {
    fs::rename(part(sha256), clip(sha256));
    sync_folder(settings_.folder);
  });
  const auto state = state_of(clip(sha256));
  if (!named || !state) return false;
  Proof proof{state->size, state->mtime_ns, state->inode, 0, std::chrono::steady_clock::now().time_since_epoch()};
  for (const WantedClip& clip : wanted_) {
    if (clip.sha256 == sha256) proof.planned_ms = scheduler::to_ms(clip.needed);
  }
  proofs_[sha256] = proof;
  save();
  return true;
}

void Cache::reject(const std::string& sha256) {
  disk_.attempt(kClips, [&] { fs::remove(part(sha256)); });
}

CacheReport Cache::report() {
  if (unsaved_) save();
  CacheReport report;
  report.wanted = static_cast<int>(wanted_.size());
  for (const WantedClip& clip : wanted_) report.held += playable(clip.sha256) ? 1 : 0;
  report.held_bytes = folder_bytes();
  report.budget_bytes = settings_.budget_bytes;
  report.disk_free = disk_free();
  return report;
}

}  // namespace loa::node
