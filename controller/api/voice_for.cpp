#include "controller/api/voice_for.hpp"

#include <algorithm>
#include <string>

namespace loa::api {
namespace {

std::string lower(std::string_view tag) {
  std::string text(tag);
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

std::string_view first_part(std::string_view tag) { return tag.substr(0, tag.find('-')); }

// How well a voice of `spoken` reads `wanted`; 0: not at all. As RFC 4647 looks a tag up, then less exactly.
std::size_t fit_of(std::string_view spoken, std::string_view wanted) {
  const auto begins_with = [](std::string_view tag, std::string_view start) {
    return tag.size() > start.size() && tag.starts_with(start) && tag[start.size()] == '-';
  };
  if (spoken.empty() || first_part(spoken) != first_part(wanted)) return 0;
  if (spoken == wanted) return 1000;
  if (begins_with(wanted, spoken)) return 500 + spoken.size();
  return begins_with(spoken, wanted) ? 2 : 1;
}

}  // namespace

const VoiceChoice* voice_for(const std::vector<VoiceChoice>& voices, std::string_view language) {
  const auto wanted = lower(language);
  const VoiceChoice* best = nullptr;
  std::size_t best_fit = 0;
  for (const auto& voice : voices)
    if (const auto fit = fit_of(lower(voice.language), wanted); fit > best_fit) {
      best = &voice;
      best_fit = fit;
    }
  return best;
}

}  // namespace loa::api
