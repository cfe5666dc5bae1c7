#pragma once
#include <string>
#include <vector>

#include "controller/api/call.hpp"
#include "controller/store/uses.hpp"

namespace loa::api {

/// Keeps a write from taking a stock clip away that somebody counts on: made before the write, asked within its transaction, which a refusal
/// leaves uncommitted. On the store thread.
class StockInUse {
 public:
  /// Looks at everything at or below `area`.
  StockInUse(const StoreCall& call, const std::string& area);

  /// 409 `stock_clip_in_use` with the first that named a clip and now, at or below `area`, has none of that name; nothing where all have theirs.
  std::optional<http::Problem> refuse_loss(const std::string& area) const;

 private:
  const StoreCall& call_;
  std::vector<store::StockUse> before_;
};

}  // namespace loa::api
