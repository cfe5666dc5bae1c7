#pragma once
#include <boost/json.hpp>

#include "controller/media/clip.hpp"

namespace loa::media {

/// A clip as loa-transcode prints it: one object with the names of Clip's members.
boost::json::object to_json(const Clip& clip);

/// Reads that line back: a clip, the problem it names, or `decode_failed` where it is neither.
Result<Clip> clip_from_json(const boost::json::object& line);

}  // namespace loa::media
