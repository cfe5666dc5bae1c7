#include "controller/api/clip_row.hpp"

namespace loa::api {

store::Clip clip_row(const media::Clip& clip, const std::string& made_from, const std::string& source_name) {
  store::Clip row;
  row.sha256 = clip.sha256;
  row.bytes = static_cast<std::int64_t>(clip.bytes);
  row.duration = store::Millis(clip.duration_ms);
  row.loudness_lufs = clip.lufs;
  row.true_peak_dbtp = clip.true_peak_dbtp;
  row.peak_limited = clip.limited_by_peak;
  row.made_from = made_from;
  row.source_name = source_name;
  return row;
}

}  // namespace loa::api
