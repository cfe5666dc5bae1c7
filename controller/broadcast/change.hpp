#pragma once
#include <functional>
#include <string>

namespace loa::broadcast {

/// Something that the page shows has changed; it reads it anew.
struct Change {
  std::string kind;    ///< `node`, `occurrence` or `alert`
  std::string id;      ///< node id, occurrence id or alert id
  std::string node;    ///< the node that it is about, else empty
  std::string area;    ///< whose readers may know
  std::string status;  ///< new outcome or lifecycle, where known
};

/// Called on the loop.
using OnChange = std::function<void(const Change&)>;

}  // namespace loa::broadcast
