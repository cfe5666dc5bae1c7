#pragma once
#include <string_view>
#include <vector>

namespace loa::store {

/// One numbered step of the schema; immutable once released. Statements end with `;` at the end of a line.
struct Migration {
  int number;
  std::string_view name;
  std::string_view sql;
};

/// All steps, from 1 without gaps.
const std::vector<Migration>& migrations();

}  // namespace loa::store
