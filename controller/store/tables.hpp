#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "controller/store/sql.hpp"

/// The tables of a store as data, for moving them whole: inside the store only.
namespace loa::store {

struct Table {
  std::string name;
  std::vector<std::string> columns;
  std::vector<sql::Cell> shape;  ///< kinds of the columns
  /// Where the table refers to itself: the column that does, and the one it refers to.
  std::optional<std::pair<std::string, std::string>> own_reference;

  /// `select` of all columns, parents before the children that refer to them.
  std::string select() const;
};

/// All tables of a SQLite store but the schema's own number, each after those that it refers to. Throws std::runtime_error where a
/// column has a type that the store does not know.
std::vector<Table> tables_of(Session& sqlite);

/// Throws std::runtime_error naming table, column and reason where a row holds what PostgreSQL would not keep as it is: a value of
/// another kind than its column says (SQLite takes any), or a zero byte.
void check_values(Session& sqlite, const Table& table);

/// Rows without order: equal where count and every row with every value are equal, to the last bit of each number.
class Fingerprint {
 public:
  void add(const std::vector<sql::Cell>& row);
  std::int64_t rows() const { return x_rows; }
  bool operator==(const Fingerprint&) const = default;

 private:
  std::int64_t x_rows = 0;
  std::array<std::uint64_t, 4> x_sum{};
};

}  // namespace loa::store
