#pragma once
#include <string>

#include "protocol/hash.hpp"

namespace loa::store {

/// The hash that an approval names: SHA-256, as lower-case hex, of the parts in their order, each behind its length, so that no two contents give the
/// same bytes.
class ContentHash {
 public:
  void add(const std::string& part) { text_ += std::to_string(part.size()) + ":" + part; }
  std::string hex() const { return protocol::sha256_hex(text_); }

 private:
  std::string text_;
};

}  // namespace loa::store
