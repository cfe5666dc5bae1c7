#pragma once
#include <algorithm>
#include <string>

namespace loa::api {

/// Whether `text` may be the code of a place: bundle files and people carry it about.
inline bool is_node_code(const std::string& text) {
  return !text.empty() && text.size() <= 40 && text.front() != '.' && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
  });
}

/// What it checks, for people.
inline constexpr const char* kNodeCodeRule = "1 to 40 letters, digits, dots, underscores and hyphens are taken, no dot first";
/// What is wrong where there are kMostNodes, as the end of a sentence.
inline constexpr const char* kTooManyNodes = "a controller takes at most 20,000 nodes; revoke what hangs no more";

}  // namespace loa::api
