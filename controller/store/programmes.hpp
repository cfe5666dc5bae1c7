#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/plan.hpp"

namespace loa::store {

enum class ProgrammeState { draft, waiting, approved, rejected, archived };
const char* name_of(ProgrammeState state);
std::optional<ProgrammeState> parse_programme_state(std::string_view name);

/// What is to be heard. Approval is of exact content: content_hash_of at that moment is kept in `approved_hash`.
struct Programme {
  std::string id;    ///< `p-` + random
  std::string area;  ///< whose programme it is: rights follow it
  std::string title;
  std::string legal_field;
  std::vector<std::string> legal_references;  ///< without line breaks
  std::string issuing_body;
  std::string language = "vi";
  std::string script;
  std::optional<scheduler::Origin> origin;
  std::string clip_sha256;  ///< empty: no sound yet
  Millis duration{0};       ///< of the clip
  ProgrammeState state = ProgrammeState::draft;
  std::string author;         ///< user id
  std::string content_hash;   ///< content_hash_of as stored, kept by the store
  std::string approved_hash;  ///< empty: not approved
  std::string approver;       ///< who approved or returned it
  std::string return_reason;
  TimePoint created;
  TimePoint changed;
  std::optional<TimePoint> submitted;
  std::optional<TimePoint> decided;
  bool operator==(const Programme&) const = default;
};

/// SHA-256 (hex) over everything of the programme that is heard or shown, its clip's hash included.
std::string content_hash_of(const Programme& programme);

/// Takes id, area, texts, clip and author; it begins as a draft. False: the area does not exist or the id is taken.
bool add_programme(Transaction& transaction, const Programme& programme);
/// Whether `user` ever wrote this programme: made or changed it, or gave it sound.
bool has_written(Session& session, const std::string& programme, const std::string& user);
/// Changes texts, origin and clip. Anything that changes the content makes it a draft again; false: none such, or archived.
bool update_programme(Transaction& transaction, const Programme& programme);
/// Gives it the clip that was made from it and thereby makes it a draft; false: none such, or no such clip.
bool set_programme_clip(Transaction& transaction, const std::string& id, const std::string& sha256);
/// draft or rejected → waiting; false where it is in another state or has no clip.
bool submit_programme(Transaction& transaction, const std::string& id);
/// waiting → approved, where the content still hashes to `content_hash` (what the approver saw); false otherwise.
bool approve_programme(Transaction& transaction, const std::string& id, const std::string& content_hash);
/// waiting → rejected with the reason; false where it is in another state.
bool return_programme(Transaction& transaction, const std::string& id, const std::string& reason);
/// Any → archived; plans drop it.
bool archive_programme(Transaction& transaction, const std::string& id);

std::optional<Programme> find_programme(Session& session, const std::string& id);

struct ProgrammeFilter {
  std::vector<std::string> roots;       ///< branches that the reader may see
  std::optional<ProgrammeState> state;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this changed and id
};
/// Newest change first.
std::vector<Programme> list_programmes(Session& session, const ProgrammeFilter& filter);

}  // namespace loa::store
