#include "controller/http/routing.hpp"

namespace loa::http {

std::optional<Pairs> match_path(std::string_view path_template, const std::vector<std::string>& segments) {
  Pairs parameters;
  for (const auto& segment : segments) {
    if (path_template.empty() || path_template.front() != '/') return {};
    path_template.remove_prefix(1);
    const auto part = path_template.substr(0, path_template.find('/'));
    path_template.remove_prefix(part.size());
    if (part.size() > 2 && part.front() == '{') {
      if (segment.empty()) return {};
      parameters.emplace_back(part.substr(1, part.size() - 2), segment);
    } else if (part != segment) {
      return {};
    }
  }
  if (!path_template.empty()) return {};
  return parameters;
}

}  // namespace loa::http
