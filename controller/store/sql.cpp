#include "controller/store/sql.hpp"

#include <algorithm>
#include <iterator>

namespace loa::store::sql {
namespace {

// PostgreSQL keeps no zero byte, and would silently take what stands before it.
void check(const Cell& cell) {
  if (cell.kind == Cell::Kind::text && cell.text.find('\0') != std::string::npos)
    throw std::runtime_error("store: a text with a zero byte");
}

// Cells must not move between binding and execution: SOCI keeps their addresses.
void bind(soci::statement& statement, std::vector<Cell>& parameters) {
  for (auto& cell : parameters) {
    check(cell);
    if (cell.kind == Cell::Kind::text)
      statement.exchange(soci::use(cell.text, cell.indicator));
    else if (cell.kind == Cell::Kind::number)
      statement.exchange(soci::use(cell.number, cell.indicator));
    else
      statement.exchange(soci::use(cell.real, cell.indicator));
  }
}

using Rows = std::vector<std::vector<Cell>>;
using Row = Rows::const_iterator;

// `insert into table (…) values (…), (…) tail` and its cells.
std::pair<std::string, std::vector<Cell>> many(const std::string& table, const std::vector<std::string>& columns, Row from, Row to,
                                               const std::string& tail) {
  std::pair<std::string, std::vector<Cell>> made{"insert into " + table + " (" + joined(columns) + ") values ", {}};
  auto& [text, cells] = made;
  cells.reserve(static_cast<std::size_t>(to - from) * columns.size());
  for (auto row = from; row != to; ++row) {
    text += cells.empty() ? "(" : ", (";
    for (std::size_t i = 0; i < row->size(); ++i) text += (i ? ", :v" : ":v") + std::to_string(cells.size() + i);
    text += ")";
    cells.insert(cells.end(), row->begin(), row->end());
  }
  text += " " + tail;
  return made;
}

// Each statement to PostgreSQL is a round trip. SQLite has none, and looks through all names of a statement for each of them.
std::size_t rows_in_statement(Session& session, std::size_t columns) {
  const std::size_t cells = session.get_backend_name() == "postgresql" ? 4'000 : 130;
  return std::max<std::size_t>(1, cells / columns);
}

template <class F>
void in_statements(Session& session, const std::vector<std::string>& columns, const Rows& rows, F work) {
  const auto most = rows_in_statement(session, columns.size());
  for (std::size_t from = 0; from < rows.size(); from += most) {
    const auto to = std::min(from + most, rows.size());
    work(rows.begin() + static_cast<std::ptrdiff_t>(from), rows.begin() + static_cast<std::ptrdiff_t>(to));
  }
}

}  // namespace

void bind_row(soci::statement& statement, std::vector<Cell>& row) {
  for (auto& cell : row) {
    if (cell.kind == Cell::Kind::text)
      statement.exchange(soci::into(cell.text, cell.indicator));
    else if (cell.kind == Cell::Kind::number)
      statement.exchange(soci::into(cell.number, cell.indicator));
    else
      statement.exchange(soci::into(cell.real, cell.indicator));
  }
}

long long execute(Session& session, const std::string& text, std::vector<Cell> parameters) {
  soci::statement statement(session);
  bind(statement, parameters);
  statement.alloc();
  statement.prepare(text, soci::details::st_one_time_query);  // PostgreSQL: one round trip instead of three
  statement.define_and_bind();
  statement.execute(true);
  return statement.get_affected_rows();
}

std::vector<std::vector<Cell>> query(Session& session, const std::string& text, std::vector<Cell> parameters,
                                     std::vector<Cell> row) {
  soci::statement statement(session);
  bind(statement, parameters);
  bind_row(statement, row);
  statement.alloc();
  statement.prepare(text, soci::details::st_one_time_query);  // PostgreSQL: one round trip instead of three
  statement.define_and_bind();
  statement.execute();
  std::vector<std::vector<Cell>> rows;
  while (statement.fetch()) rows.push_back(row);
  return rows;
}

void insert_rows(Session& session, const std::string& table, const std::vector<std::string>& columns,
                 const std::vector<std::vector<Cell>>& rows, const std::string& tail) {
  in_statements(session, columns, rows, [&](Row from, Row to) {
    auto [text, cells] = many(table, columns, from, to, tail);
    execute(session, text, std::move(cells));
  });
}

std::vector<std::vector<Cell>> insert_returning(Session& session, const std::string& table, const std::vector<std::string>& columns,
                                                const std::vector<std::vector<Cell>>& rows, const std::string& tail, const std::vector<Cell>& row) {
  std::vector<std::vector<Cell>> returned;
  in_statements(session, columns, rows, [&](Row from, Row to) {
    auto [text, cells] = many(table, columns, from, to, tail);
    auto found = query(session, text, std::move(cells), row);
    returned.insert(returned.end(), std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
  });
  return returned;
}

bool exists(Session& session, const std::string& text, std::vector<Cell> parameters) {
  return value<long long>(session, text, std::move(parameters)).has_value();
}

std::string joined(const std::vector<std::string>& names, const std::string& prefix) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    if (!prefix.empty()) text += prefix + ".";
    text += name;
  }
  return text;
}

std::string placeholders(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += (i ? ", :v" : ":v") + std::to_string(i);
  return text;
}

std::string limit(int most) { return " limit " + std::to_string(std::clamp(most, 0, 100000)); }

const std::string kBranch =
    "with recursive branch (id) as (select areas.id from areas where :roots like '% ' || areas.id || ' %'"
    " union select areas.id from areas join branch on areas.parent = branch.id) ";

std::string roots_text(const std::vector<std::string>& roots) { return " " + join_words(roots) + " "; }

std::string join_words(const std::vector<std::string>& words, char separator) {
  std::string text;
  for (const auto& word : words) {
    if (!text.empty()) text += separator;
    text += word;
  }
  return text;
}

std::vector<std::string> split_words(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const auto end = std::min(text.find(separator, begin), text.size());
    if (end > begin) words.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace loa::store::sql
