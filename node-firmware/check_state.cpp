#include "node-firmware/check_state.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <system_error>

#include "node-firmware/build_date.hpp"
#include "node-firmware/command_line.hpp"
#include "protocol/codec.hpp"
#include "protocol/limits.hpp"

namespace loa::node {

namespace {

constexpr const char* kRead[] = {"bundle.json", "bundle.json.copy", "own-keys.json", "own-keys.json.copy", "coming-keys.json",
                                 "keys.jws", "keys.jws.copy", "plan.jws", "marks.json"};

// The sticky-bit folder in memory first: what is copied holds private keys.
std::filesystem::path place_for_scratch() {
  std::error_code none;
  return std::filesystem::is_directory("/dev/shm", none) && ::access("/dev/shm", W_OK) == 0 ? std::filesystem::path("/dev/shm")
                                                                                           : std::filesystem::temp_directory_path();
}

std::map<std::string, std::string> kept_in(const std::filesystem::path& folder) {
  std::error_code denied;
  if (std::filesystem::exists(folder, denied) && ::access(folder.c_str(), R_OK | X_OK) != 0) denied = {errno, std::generic_category()};
  if (denied)
    throw JoinError(kExitBroken, fmt::format("{}: {}: run this as root (`sudo loa-node check`)", folder.string(), denied.message()));
  std::map<std::string, std::string> kept;
  for (const char* name : kRead) {
    try {
      if (auto bytes = read_whole(folder / name, protocol::kMaxPlanSigned)) kept[name] = std::move(*bytes);
    } catch (const std::system_error&) {
      kept[name] = "";  // there, and nothing that the node could use
    }
  }
  return kept;
}

std::vector<std::string> first_then(const std::vector<std::string>* first, const std::vector<std::string>& then) {
  std::vector<std::string> all;
  const auto add = [&all](const std::vector<std::string>& some) {
    for (const auto& one : some)
      if (std::find(all.begin(), all.end(), one) == all.end()) all.push_back(one);
  };
  if (first) add(*first);
  add(then);
  return all;
}

}  // namespace

void become_owner_of(const std::filesystem::path& folder) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &owner) != 0 || owner.st_uid == 0) return;
  passwd entry{};
  passwd* account = nullptr;
  std::array<char, 4096> text{};
  if (::getpwuid_r(owner.st_uid, &entry, text.data(), text.size(), &account) != 0) account = nullptr;  // an owner without a name has no groups
  const bool groups = account ? ::initgroups(account->pw_name, owner.st_gid) == 0 : ::setgroups(0, nullptr) == 0;
  if (!groups || ::setgid(owner.st_gid) != 0 || ::setuid(owner.st_uid) != 0)
    throw std::system_error(errno, std::generic_category(), "cannot become the owner of " + folder.string());
}

Scratch::Scratch() {
  auto name = (place_for_scratch() / "loa-check-XXXXXX").string();
  if (!::mkdtemp(name.data())) throw std::system_error(errno, std::generic_category(), name);
  path_ = name;
}

Scratch::~Scratch() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

Standing::Standing(Settings settings, bool silent) : settings_(std::move(settings)), silent_(silent) {
  clock_ = std::make_unique<NodeClock>(board_, build_date());
}

Standing::Standing(Settings settings, const std::optional<std::filesystem::path>& bundle, bool silent)
    : settings_(std::move(settings)), silent_(silent) {
  const auto kept = kept_in(settings_.state_folder);
  std::optional<std::string> given;
  if (bundle) {
    given = read_whole(*bundle, protocol::kMaxBundle);
    if (!given) throw JoinError(kExitNotJoined, fmt::format("{}: no such bundle file", bundle->string()));
  }
  become_owner_of(settings_.state_folder);
  scratch_ = std::make_unique<Scratch>();
  for (const auto& [name, bytes] : kept) write_durably(scratch_->path() / name, bytes);
  std::optional<std::filesystem::path> given_file;
  if (given) write_durably(*(given_file = scratch_->path() / "given.bundle"), *given);
  try {
    identity_ = std::make_unique<Identity>(join(scratch_->path(), given_file));
  } catch (const JoinError& error) {
    std::string words = error.what();  // of the copy, where the person knows the folder itself
    for (std::size_t at; (at = words.find(scratch_->path().string())) != std::string::npos;)
      words.replace(at, scratch_->path().string().size(), settings_.state_folder.string());
    throw JoinError(error.exit_code, words);
  }
  keys_ = std::make_unique<OwnKeys>(scratch_->path(), *identity_);
  disk_ = std::make_unique<DiskHealth>(scratch_->path(), [this] { return board_.monotonic(); });
  store_ = std::make_unique<PlanStore>(scratch_->path(), *disk_);
  ring_ = std::make_unique<protocol::KeyRing>(identity_->bundle.root_key);
  (void)ring_->take(identity_->bundle.key_set);
  const auto key_set = store_->keys([this](const std::string& jws) -> std::string {
    const auto alone = protocol::KeyRing(identity_->bundle.root_key).take(jws);
    return alone ? "" : alone.error().message;
  });
  if (key_set) (void)ring_->take(*key_set);
  read_plan();
  scratch_.reset();  // all is read: no copy of keys outlives this, however the check ends
  clock_ = std::make_unique<NodeClock>(board_, std::max(build_date(), marks().newest_signed()), marks().clock);
}

void Standing::read_plan() {
  const auto kept = store_->plan();
  if (!kept) return;
  const auto verified = ring_->verify(*kept, protocol::MessageType::plan, chain());
  auto plan = verified ? protocol::decode_plan(verified->payload, identity_->bundle.node) : protocol::Result<scheduler::Plan>(verified.error());
  if (plan)
    plan_ = std::move(*plan);
  else
    plan_fault_ = plan.error().message;
}

const std::vector<std::string>& Standing::chain() const { return marks().areas.empty() ? identity_->bundle.areas : marks().areas; }

const std::string& Standing::authorities() const {
  return ring_->authorities().empty() ? identity_->bundle.ca_pem : ring_->authorities();
}

scheduler::TimePoint Standing::now() const {
  if (clock_->trusted()) return clock_->now();
  return server_time ? board_.system() + server_time->ahead : std::max(clock_->now(), board_.system());
}

std::vector<std::string> Standing::brokers() const { return first_then(plan_ ? &plan_->brokers : nullptr, identity_->bundle.brokers); }

std::vector<std::string> Standing::files() const { return first_then(plan_ ? &plan_->files : nullptr, identity_->bundle.files); }

std::optional<FolderLock> Standing::lock(bool* running) const {
  *running = false;
  std::error_code none;
  if (!std::filesystem::is_directory(settings_.state_folder, none)) return std::nullopt;
  auto lock = FolderLock::take(settings_.state_folder);
  *running = !lock;
  return lock;
}

}  // namespace loa::node
