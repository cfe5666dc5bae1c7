#pragma once
#include <filesystem>
#include <string>

#include "controller/http/message.hpp"

namespace loa::http {

/// How a file is served.
struct FileOptions {
  std::string content_type;
  std::string etag;        ///< with its quotes; empty: made of size and time of the file
  bool immutable = false;  ///< may be cached for a year without asking again (RFC 8246)
};

/// The file, or one range of it, or 304, 404, 416 (RFC 9110 sections 13 and 14; several ranges are answered with the whole).
Response serve_file(const Request& request, const std::filesystem::path& file, const FileOptions& options);

/// A file of the page below `root`: `/` and paths without a dot in the last segment are `index.html`; nothing outside `root`, hidden or
/// linked is ever served. Files below `assets/` carry a hash in their name and are immutable.
Response serve_page(const Request& request, const std::filesystem::path& root);

}  // namespace loa::http
