#pragma once
#include <string>

#include "controller/media/clip.hpp"
#include "controller/store/clips.hpp"

namespace loa::api {

/// A clip that was made, as the store keeps it; `made_from` and `source_name` say of what.
store::Clip clip_row(const media::Clip& clip, const std::string& made_from, const std::string& source_name);

}  // namespace loa::api
