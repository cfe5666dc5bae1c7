#pragma once
#include <soci/soci.h>

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "controller/store/session.hpp"
#include "scheduler/time.hpp"

/// How values become columns: inside the store only.
namespace loa::store::sql {

/// One column of one row. Everything is text, a 64-bit number or a real: the three that SQLite and PostgreSQL read alike.
struct Cell {
  enum class Kind { text, number, real };
  Kind kind = Kind::text;
  std::string text;
  long long number = 0;
  double real = 0;
  soci::indicator indicator = soci::i_ok;
  bool is_null() const { return indicator == soci::i_null; }
};

/// The highest value of an enum that has name_of; specialised beside each use.
template <class E>
inline constexpr E kLast = E{};

/// The value that has this name; throws std::runtime_error where none has: the database holds what this program never wrote.
template <class E>
E parse(const std::string& name) {
  for (int i = 0; i <= static_cast<int>(kLast<E>); ++i)
    if (name == name_of(static_cast<E>(i))) return static_cast<E>(i);
  throw std::runtime_error("store: unknown word in the database: " + name);
}

template <class T>
struct Column {
  static_assert(std::is_enum_v<T>, "a column of this type is not known");
  static constexpr Cell::Kind kind = Cell::Kind::text;
  static void write(Cell& cell, const T& value) { cell.text = name_of(value); }
  static void read(const Cell& cell, T& value) { value = parse<T>(cell.text); }
};
template <>
struct Column<std::string> {
  static constexpr Cell::Kind kind = Cell::Kind::text;
  static void write(Cell& cell, const std::string& value) { cell.text = value; }
  static void read(const Cell& cell, std::string& value) { value = cell.text; }
};
template <class T>
  requires std::is_integral_v<T>
struct Column<T> {
  static constexpr Cell::Kind kind = Cell::Kind::number;
  static void write(Cell& cell, T value) { cell.number = static_cast<long long>(value); }
  static void read(const Cell& cell, T& value) { value = static_cast<T>(cell.number); }
};
template <>
struct Column<double> {
  static constexpr Cell::Kind kind = Cell::Kind::real;
  static void write(Cell& cell, double value) { cell.real = value; }
  static void read(const Cell& cell, double& value) { value = cell.real; }
};
template <>
struct Column<TimePoint> {
  static constexpr Cell::Kind kind = Cell::Kind::number;
  static void write(Cell& cell, TimePoint value) { cell.number = scheduler::to_ms(value); }
  static void read(const Cell& cell, TimePoint& value) { value = scheduler::from_ms(cell.number); }
};
template <>
struct Column<Millis> {
  static constexpr Cell::Kind kind = Cell::Kind::number;
  static void write(Cell& cell, Millis value) { cell.number = value.count(); }
  static void read(const Cell& cell, Millis& value) { value = Millis{cell.number}; }
};
template <class T>
struct Column<std::optional<T>> {
  static constexpr Cell::Kind kind = Column<T>::kind;
  static void write(Cell& cell, const std::optional<T>& value) {
    if (value)
      Column<T>::write(cell, *value);
    else
      cell.indicator = soci::i_null;
  }
  static void read(const Cell& cell, std::optional<T>& value) {
    value.reset();
    if (!cell.is_null()) Column<T>::read(cell, value.emplace());
  }
};

/// A text column in which the empty text is null, for references that may be absent.
struct Reference {
  std::string& value;
};

/// Visits the columns of a value to name them, write them to cells, or read them from cells.
class Columns {
 public:
  enum class Mode { name, write, read };
  explicit Columns(Mode mode) : x_mode(mode) {}
  explicit Columns(std::vector<Cell> row) : cells(std::move(row)), x_mode(Mode::read) {}

  template <class T>
  void operator()(const char* name, T& value) {
    if (x_mode == Mode::name) {
      names.emplace_back(name);
      cells.emplace_back().kind = Column<T>::kind;
    } else if (x_mode == Mode::write) {
      names.emplace_back(name);
      Column<T>::write(add(Column<T>::kind), value);
    } else {
      Column<T>::read(cells[x_next++], value);
    }
  }
  void operator()(const char* name, Reference reference) {
    std::optional<std::string> value;
    if (x_mode == Mode::write && !reference.value.empty()) value = reference.value;
    (*this)(name, value);
    if (x_mode == Mode::read) reference.value = value.value_or("");
  }
  /// A column whose value has a text form of its own: `get` gives it, `set` takes it.
  template <class Get, class Set>
  void operator()(const char* name, Get get, Set set) {
    auto value = get();
    (*this)(name, value);
    if (x_mode == Mode::read) set(value);
  }

  bool reading() const { return x_mode == Mode::read; }

  std::vector<std::string> names;
  std::vector<Cell> cells;

 private:
  Cell& add(Cell::Kind kind) {
    auto& cell = cells.emplace_back();
    cell.kind = kind;
    return cell;
  }
  Mode x_mode;
  std::size_t x_next = 0;
};

template <class T>
Cell cell_of(const T& value) {
  Cell cell;
  cell.kind = Column<T>::kind;
  Column<T>::write(cell, value);
  return cell;
}
inline Cell cell_of(const char* value) { return cell_of(std::string(value)); }

/// Parameters in the order in which their names stand in the statement; each name stands once.
template <class... T>
std::vector<Cell> params(const T&... values) {
  std::vector<Cell> cells;
  cells.reserve(sizeof...(values));
  (cells.push_back(cell_of(values)), ...);
  return cells;
}

/// Runs a statement; gives the number of rows that it changed.
long long execute(Session& session, const std::string& text, std::vector<Cell> parameters = {});
/// Runs a query whose columns are of the kinds of `row`.
std::vector<std::vector<Cell>> query(Session& session, const std::string& text, std::vector<Cell> parameters,
                                     std::vector<Cell> row);
/// Inserts rows, all with these columns, in as many statements as is quickest; `tail` follows the values of each, like `on conflict …`.
void insert_rows(Session& session, const std::string& table, const std::vector<std::string>& columns,
                 const std::vector<std::vector<Cell>>& rows, const std::string& tail = {});
/// The same with a `tail` that ends in `returning …`, of columns with the kinds of `row`.
std::vector<std::vector<Cell>> insert_returning(Session& session, const std::string& table, const std::vector<std::string>& columns,
                                                const std::vector<std::vector<Cell>>& rows, const std::string& tail, const std::vector<Cell>& row);
/// For statements that are not run to their end at once: cells to be filled at each fetch, which must not move.
void bind_row(soci::statement& statement, std::vector<Cell>& row);
/// `a, b` or, with a prefix, `p.a, p.b`.
std::string joined(const std::vector<std::string>& names, const std::string& prefix = {});
/// `:v0, :v1`.
std::string placeholders(std::size_t count);

/// Specialised beside the repository of T: `static void visit(Columns&, T&)` names T's columns.
template <class T>
struct Fields;

/// The columns of a value type `T`.
template <class T>
std::string columns_of(const std::string& prefix = {}) {
  Columns all(Columns::Mode::name);
  T value{};
  Fields<T>::visit(all, value);
  return joined(all.names, prefix);
}

/// A query that gives the columns of T.
template <class T>
std::vector<T> select_text(Session& session, const std::string& text, std::vector<Cell> parameters) {
  Columns all(Columns::Mode::name);
  T first{};
  Fields<T>::visit(all, first);
  std::vector<T> values;
  for (auto& row : query(session, text, std::move(parameters), std::move(all.cells))) {
    Columns reader(std::move(row));
    Fields<T>::visit(reader, values.emplace_back());
  }
  return values;
}

/// `select (columns of T) tail`; `prefix` is the alias of T's table in `tail`.
template <class T>
std::vector<T> select(Session& session, const std::string& tail, std::vector<Cell> parameters = {},
                      const std::string& prefix = {}) {
  return select_text<T>(session, "select " + columns_of<T>(prefix) + " " + tail, std::move(parameters));
}
template <class T>
std::optional<T> select_one(Session& session, const std::string& tail, std::vector<Cell> parameters = {},
                            const std::string& prefix = {}) {
  auto values = select<T>(session, tail, std::move(parameters), prefix);
  if (values.empty()) return std::nullopt;
  return std::move(values.front());
}

template <class T>
Columns written(const T& value) {
  Columns all(Columns::Mode::write);
  Fields<T>::visit(all, const_cast<T&>(value));  // the visitor only reads in this mode
  return all;
}

/// Inserts a row; `conflict` is an `on conflict …` clause. Gives the number of rows that it added or changed.
template <class T>
long long insert(Session& session, const std::string& table, const T& value, const std::string& conflict = {}) {
  auto all = written(value);
  return execute(session,
                 "insert into " + table + " (" + joined(all.names) + ") values (" + placeholders(all.names.size()) + ") " +
                     conflict,
                 std::move(all.cells));
}
/// Writes every column of the rows that `where` finds; gives their number.
template <class T>
long long update(Session& session, const std::string& table, const T& value, const std::string& where,
                 std::vector<Cell> parameters) {
  auto all = written(value);
  std::string text = "update " + table + " set ";
  for (std::size_t i = 0; i < all.names.size(); ++i)
    text += (i ? ", " : "") + all.names[i] + " = :v" + std::to_string(i);
  for (auto& cell : parameters) all.cells.push_back(std::move(cell));
  return execute(session, text + " where " + where, std::move(all.cells));
}
/// `on conflict (key) do update` of every column of T.
template <class T>
std::string or_replace(const std::string& key) {
  Columns all(Columns::Mode::name);
  T value{};
  Fields<T>::visit(all, value);
  std::string text = "on conflict (" + key + ") do update set ";
  for (std::size_t i = 0; i < all.names.size(); ++i)
    text += (i ? ", " : "") + all.names[i] + " = excluded." + all.names[i];
  return text;
}

/// Single values of one type, the first column of each row.
template <class T>
std::vector<T> values(Session& session, const std::string& text, std::vector<Cell> parameters = {}) {
  Cell shape;
  shape.kind = Column<T>::kind;
  std::vector<T> found;
  for (auto& row : query(session, text, std::move(parameters), {shape})) Column<T>::read(row[0], found.emplace_back());
  return found;
}
template <class T>
std::optional<T> value(Session& session, const std::string& text, std::vector<Cell> parameters = {}) {
  auto found = values<T>(session, text, std::move(parameters));
  if (found.empty()) return std::nullopt;
  return found.front();
}
/// Whether the query gives any row; it selects one number.
bool exists(Session& session, const std::string& text, std::vector<Cell> parameters);

/// ` limit N`, bounded.
std::string limit(int most);
/// The condition that a row comes after `key` in the order of `columns`, with ` and ` before it; empty without a key. `than` is `<` where
/// the order is descending, all columns alike. Adds the key to `parameters`.
template <class... T>
std::string after(const std::optional<std::tuple<T...>>& key, const std::string& columns, const char* than,
                  std::vector<Cell>& parameters) {
  if (!key) return {};
  std::apply([&](const auto&... parts) { (parameters.push_back(cell_of(parts)), ...); }, *key);
  return " and (" + columns + ") " + than + " (" + placeholders(sizeof...(T)) + ")";
}

/// A recursive `branch(id)` of all areas at or below the roots; its one parameter is roots_text(roots).
extern const std::string kBranch;
std::string roots_text(const std::vector<std::string>& roots);

/// Words between single separators, none empty; and back.
std::string join_words(const std::vector<std::string>& words, char separator = ' ');
std::vector<std::string> split_words(const std::string& text, char separator = ' ');

}  // namespace loa::store::sql
