#include "controller/store/sql.hpp"

#include <algorithm>

namespace loa::store::sql {
namespace {

// Cells must not move between binding and execution: SOCI keeps their addresses.
void bind(soci::statement& statement, std::vector<Cell>& parameters) {
  for (auto& cell : parameters) {
    if (cell.kind == Cell::Kind::text)
      statement.exchange(soci::use(cell.text, cell.indicator));
    else if (cell.kind == Cell::Kind::number)
      statement.exchange(soci::use(cell.number, cell.indicator));
    else
      statement.exchange(soci::use(cell.real, cell.indicator));
  }
}

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

}  // namespace

long long execute(Session& session, const std::string& text, std::vector<Cell> parameters) {
  soci::statement statement(session);
  bind(statement, parameters);
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute(true);
  return statement.get_affected_rows();
}

Prepared::Prepared(Session& session, const std::string& text, std::vector<Cell> shape)
    : x_cells(std::move(shape)), x_statement(session) {
  bind(x_statement, x_cells);
  x_statement.alloc();
  x_statement.prepare(text);
  x_statement.define_and_bind();
}

long long Prepared::operator()(std::vector<Cell> parameters) {
  for (std::size_t i = 0; i < x_cells.size(); ++i) x_cells[i] = std::move(parameters[i]);
  x_statement.execute(true);
  return x_statement.get_affected_rows();
}

std::vector<std::vector<Cell>> query(Session& session, const std::string& text, std::vector<Cell> parameters,
                                     std::vector<Cell> row) {
  soci::statement statement(session);
  bind(statement, parameters);
  bind_row(statement, row);
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute();
  std::vector<std::vector<Cell>> rows;
  while (statement.fetch()) rows.push_back(row);
  return rows;
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

std::string page(int limit, int offset) {
  return " limit " + std::to_string(std::clamp(limit, 0, 100000)) + " offset " + std::to_string(std::max(offset, 0));
}

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
