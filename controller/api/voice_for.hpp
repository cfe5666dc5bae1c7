#pragma once
#include <string_view>
#include <vector>

#include "controller/api/hooks.hpp"

namespace loa::api {

/// The voice that reads `language` (a BCP 47 tag, in either case): of that very tag, or of what stands before its last parts, or of a region or script of it,
/// or at least of its first part; the first of those that are alike. Nothing where none is: another language's voice is not understood.
const VoiceChoice* voice_for(const std::vector<VoiceChoice>& voices, std::string_view language);

}  // namespace loa::api
