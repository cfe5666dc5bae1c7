#include "controller/store/tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <set>
#include <stdexcept>

#include "protocol/hash.hpp"

namespace loa::store {
namespace {

using Kind = sql::Cell::Kind;

Kind kind_of(const std::string& table, const std::string& column, const std::string& type) {
  if (type == "text") return Kind::text;
  if (type == "bigint" || type == "integer" || type == "smallint") return Kind::number;
  if (type == "double precision") return Kind::real;
  throw std::runtime_error(fmt::format("store: {}.{} has the unknown type `{}`", table, column, type));
}

const char* sqlite_word(Kind kind) {
  switch (kind) {
    case Kind::text: return "text";
    case Kind::number: return "integer";
    case Kind::real: return "real";
  }
  return "";
}

struct Found {
  Table table;
  std::set<std::string> refers_to;
};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

Found read_table(Session& session, const std::string& name) {
  Found found;
  found.table.name = name;
  const auto column_sql = "select name, type from pragma_table_info(:table) order by cid";
  for (const auto& row : sql::query(session, column_sql, sql::params(name), sql::params("", ""))) {
    found.table.columns.push_back(row[0].text);
    found.table.shape.emplace_back().kind = kind_of(name, row[0].text, lower(row[1].text));
  }
  const auto reference_sql = "select \"table\", \"from\", \"to\" from pragma_foreign_key_list(:table)";
  for (const auto& row : sql::query(session, reference_sql, sql::params(name), sql::params("", "", "")))
    if (row[0].text == name)
      found.table.own_reference = {row[1].text, row[2].text};
    else
      found.refers_to.insert(row[0].text);
  return found;
}

}  // namespace

std::string Table::select() const {
  if (!own_reference) return "select " + sql::joined(columns) + " from " + name;
  const auto& [from, to] = *own_reference;
  return fmt::format("with recursive down (place, depth) as (select {1}, 0 from {2} where {0} is null union all"
                     " select child.{1}, down.depth + 1 from {2} child join down on child.{0} = down.place)"
                     " select {3} from {2} t join down on down.place = t.{1} order by down.depth",
                     from, to, name, sql::joined(columns, "t"));
}

std::vector<Table> tables_of(Session& sqlite) {
  std::vector<Found> waiting;
  for (const auto& name : sql::values<std::string>(sqlite, "select name from sqlite_master where type = 'table'"
                                                           " and name not like 'sqlite_%' and name <> 'schema_version' order by name"))
    waiting.push_back(read_table(sqlite, name));
  std::vector<Table> ordered;
  std::set<std::string> done;
  while (!waiting.empty()) {
    const auto next = std::find_if(waiting.begin(), waiting.end(), [&](const Found& found) {
      return std::includes(done.begin(), done.end(), found.refers_to.begin(), found.refers_to.end());
    });
    if (next == waiting.end()) throw std::runtime_error("store: tables refer to each other in a circle");
    done.insert(next->table.name);
    ordered.push_back(std::move(next->table));
    waiting.erase(next);
  }
  return ordered;
}

void check_values(Session& sqlite, const Table& table) {
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    const auto& column = table.columns[i];
    const auto kind = table.shape[i].kind;
    const auto strange = sql::value<std::string>(
        sqlite, fmt::format("select typeof({0}) from {1} where typeof({0}) not in ('{2}', 'null') limit 1", column, table.name, sqlite_word(kind)));
    if (strange)
      throw std::runtime_error(fmt::format("store: {}.{} holds a value of type {}, not {}", table.name, column, *strange, sqlite_word(kind)));
    if (kind != Kind::text) continue;
    if (sql::exists(sqlite, fmt::format("select 1 from {1} where instr(cast({0} as blob), x'00') > 0 limit 1", column, table.name), {}))
      throw std::runtime_error(fmt::format("store: {}.{} holds a text with a zero byte, which PostgreSQL does not keep", table.name, column));
  }
}

void Fingerprint::add(const std::vector<sql::Cell>& row) {
  protocol::Sha256 hash;
  std::string bytes;
  const auto put = [&](std::uint64_t value) {
    for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>(value >> shift);
  };
  for (const auto& cell : row) {
    if (cell.is_null()) {
      bytes += 'n';
    } else if (cell.kind == Kind::text) {
      bytes += 't';
      put(cell.text.size());
      bytes += cell.text;
    } else {
      bytes += cell.kind == Kind::number ? 'i' : 'r';
      put(cell.kind == Kind::number ? static_cast<std::uint64_t>(cell.number) : std::bit_cast<std::uint64_t>(cell.real));
    }
  }
  hash.update(bytes);
  const auto hex = hash.hex();
  for (std::size_t i = 0; i < x_sum.size(); ++i) x_sum[i] += std::stoull(hex.substr(i * 16, 16), nullptr, 16);
  ++x_rows;
}

}  // namespace loa::store
