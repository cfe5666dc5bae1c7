#include "controller/media/clip_json.hpp"

#include <stdexcept>

namespace loa::media {

void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
  throw std::logic_error("unchecked problem: " + problem.code + ": " + problem.message);
}

boost::json::object to_json(const Clip& clip) {
  return {{"sha256", clip.sha256},
          {"bytes", clip.bytes},
          {"duration_ms", clip.duration_ms},
          {"samples", clip.samples},
          {"lufs", clip.lufs},
          {"true_peak_dbtp", clip.true_peak_dbtp},
          {"limited_by_peak", clip.limited_by_peak},
          {"trimmed_ms", clip.trimmed_ms}};
}

Result<Clip> clip_from_json(const boost::json::object& line) {
  try {
    const auto text = [&](const char* name) { return std::string(line.at(name).as_string()); };
    if (line.contains("code")) return Problem{text("code"), text("message")};
    Clip clip;
    clip.sha256 = text("sha256");
    clip.bytes = line.at("bytes").to_number<std::uint64_t>();
    clip.duration_ms = line.at("duration_ms").to_number<std::int64_t>();
    clip.samples = line.at("samples").to_number<std::int64_t>();
    clip.lufs = line.at("lufs").to_number<double>();
    clip.true_peak_dbtp = line.at("true_peak_dbtp").to_number<double>();
    clip.limited_by_peak = line.at("limited_by_peak").as_bool();
    clip.trimmed_ms = line.at("trimmed_ms").to_number<std::int64_t>();
    return clip;
  } catch (const std::exception& e) {
    return Problem{"decode_failed", std::string("the transcoder's answer cannot be read: ") + e.what()};
  }
}

}  // namespace loa::media
