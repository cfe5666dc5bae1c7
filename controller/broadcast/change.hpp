#pragma once
#include <functional>
#include <string>

namespace loa::broadcast {

/// Something that the page shows has changed; it reads it anew.
struct Change {
  std::string kind;    ///< `node`, `occurrence`, `alert` or `alarm`
  std::string id;      ///< node id, occurrence id, alert id or alarm id
  std::string node;    ///< the node that it is about, else empty
  std::string area;    ///< whose readers may know; empty: those of the whole tree
  std::string status;  ///< new outcome or lifecycle, or the alarm's kind, where known
};

/// Called on the loop.
using OnChange = std::function<void(const Change&)>;

}  // namespace loa::broadcast
