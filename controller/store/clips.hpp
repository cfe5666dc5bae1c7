#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/plan.hpp"

namespace loa::store {

/// One immutable Ogg/Opus file, named by the SHA-256 of its bytes.
struct Clip {
  std::string sha256;  ///< 64 lower-case hex
  std::int64_t bytes = 0;
  Millis duration{0};
  double loudness_lufs = 0;
  double true_peak_dbtp = 0;
  bool peak_limited = false;  ///< the peak won over the wanted loudness
  std::string made_from;      ///< `upload`, `speech` or `stock`
  std::string source_name;    ///< file name of the upload, or the voice
  TimePoint created;
  bool operator==(const Clip&) const = default;
};

/// A stock clip that every node keeps; `name` is what an alert calls it by, `tone` is the alert's tone.
struct StockClipRow {
  std::string name;
  std::string sha256;
  std::string title;
  bool operator==(const StockClipRow&) const = default;
};

/// Adds it, or does nothing where the same bytes are known already.
void put_clip(Transaction& transaction, const Clip& clip);
std::optional<Clip> find_clip(Session& session, const std::string& sha256);
/// The hashes of all clips, in order.
std::vector<std::string> list_clip_names(Session& session);

/// Adds or replaces the stock clip of that name; false: no such clip.
bool put_stock_clip(Transaction& transaction, const StockClipRow& stock);
/// Those that every plan carries, by name.
std::vector<scheduler::StockClip> list_stock_clips(Session& session);
std::vector<StockClipRow> list_stock_clip_rows(Session& session);

/// An area's own stock clip: every node below keeps it, and it goes before those of the same name from above.
struct AreaStockClip {
  std::string area;
  StockClipRow stock;
  bool operator==(const AreaStockClip&) const = default;
};
/// The most of one area: with everyone's, and those of a whole chain, they fit into a plan.
inline constexpr std::size_t kMaxAreaStock = 6;
/// Adds or replaces it; false: no such area or clip, or the area has as many as a plan may carry.
bool put_area_stock_clip(Transaction& transaction, const AreaStockClip& clip);
/// False: there is none of that name.
bool drop_area_stock_clip(Transaction& transaction, const std::string& area, const std::string& name);
/// By area, then name; those of all areas where `areas` is empty.
std::vector<AreaStockClip> list_area_stock_clips(Session& session, const std::vector<std::string>& areas = {});
/// What nodes under the chain `areas` (the root first) hold: everyone's (without an area), and its areas' own, the nearest of one name alone. By name.
std::vector<AreaStockClip> stock_rows_under(Session& session, const std::vector<std::string>& areas);
/// The same, as the plan of such a node carries it.
std::vector<scheduler::StockClip> stock_clips_under(Session& session, const std::vector<std::string>& areas);

enum class JobState { queued, running, done, failed };
const char* name_of(JobState state);

/// A sound being made for a programme, an alert or the stock.
struct MediaJob {
  std::string id;         ///< `j-` + random
  std::string programme;  ///< empty where it is for no programme
  std::string area;       ///< whose it is: rights follow it
  std::string kind;       ///< `upload` or `speech`
  std::string source;     ///< upload: where the bytes lie; speech: the text
  std::string source_name;///< file name as uploaded; speech: the voice
  JobState state = JobState::queued;
  int percent = 0;
  std::string clip_sha256;///< once done
  std::string error_code; ///< once failed
  std::string error;      ///< one sentence
  std::string creator;
  TimePoint created;
  std::optional<TimePoint> finished;
  bool operator==(const MediaJob&) const = default;
};

void add_media_job(Transaction& transaction, const MediaJob& job);
/// Changes state, percent, clip, error and finished; false: none such.
bool update_media_job(Transaction& transaction, const MediaJob& job);
std::optional<MediaJob> find_media_job(Session& session, const std::string& id);
/// Newest first.
std::vector<MediaJob> list_media_jobs(Session& session, const std::vector<std::string>& roots, int limit = 100);
/// Those that a stop of the program cut off: queued or running, oldest first.
std::vector<MediaJob> list_unfinished_jobs(Session& session);

}  // namespace loa::store
