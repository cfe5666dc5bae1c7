#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace loa::store {

/// Where a move of a store stands.
struct MoveProgress {
  enum class Step { copying, comparing };
  Step step = Step::copying;
  std::string table;
  std::int64_t rows = 0;  ///< of this table so far
  std::int64_t of = 0;
};

struct MovedTable {
  std::string name;
  std::int64_t rows = 0;
};

/// Copies every row of the SQLite store `from` into the empty PostgreSQL database `to`, reads all of them back, compares (Fingerprint)
/// and only then commits, in one transaction: whatever ends it before leaves `to` empty, and it can be begun again. Holds both, so that
/// no controller runs on either; writes nothing to `from`. Throws std::runtime_error where a URL is wrong, `from` is missing, of
/// another schema or in use, `to` is not empty, or what arrived is not what was sent. `on_progress` is called on this thread.
std::vector<MovedTable> move_store(const std::string& from, const std::string& to,
                                   const std::function<void(const MoveProgress&)>& on_progress);

}  // namespace loa::store
