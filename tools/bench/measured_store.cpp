#include "tools/bench/measured_store.hpp"

#include <soci/soci.h>

#include <chrono>

#include "controller/store/areas.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/record_columns.hpp"
#include "protocol/clock.hpp"
#include "protocol/record_chain.hpp"

namespace loa::bench {

namespace {

namespace sql = store::sql;
using Seconds = std::chrono::duration<double>;

/// One column of many rows, as SOCI takes it for a bulk insert.
struct BulkColumn {
  sql::Cell::Kind kind;
  std::vector<std::string> texts;
  std::vector<long long> numbers;
  std::vector<double> reals;
  std::vector<soci::indicator> indicators;
};

std::vector<BulkColumn> columns_of(const std::vector<store::RecordRow>& rows) {
  std::vector<BulkColumn> columns;
  for (const auto& row : rows) {
    auto cells = sql::written(row).cells;
    if (columns.empty())
      for (const auto& cell : cells) columns.push_back({cell.kind, {}, {}, {}, {}});
    for (std::size_t i = 0; i < cells.size(); ++i) {
      auto& column = columns[i];
      column.indicators.push_back(cells[i].indicator);
      if (column.kind == sql::Cell::Kind::text) column.texts.push_back(std::move(cells[i].text));
      if (column.kind == sql::Cell::Kind::number) column.numbers.push_back(cells[i].number);
      if (column.kind == sql::Cell::Kind::real) column.reals.push_back(cells[i].real);
    }
  }
  return columns;
}

void insert(soci::session& session, const std::string& text, std::vector<BulkColumn>& columns) {
  soci::statement statement(session);
  for (auto& column : columns) {
    if (column.kind == sql::Cell::Kind::text)
      statement.exchange(soci::use(column.texts, column.indicators));
    else if (column.kind == sql::Cell::Kind::number)
      statement.exchange(soci::use(column.numbers, column.indicators));
    else
      statement.exchange(soci::use(column.reals, column.indicators));
  }
  statement.alloc();
  statement.prepare(text);
  statement.define_and_bind();
  statement.execute(true);
}

/// The batches in the order in which they come when every node sends one and waits: the first of each, the
/// second of each, …
std::vector<std::vector<BulkColumn>> batches_in_turn(const std::vector<LoggedNode>& logs) {
  std::vector<std::vector<BulkColumn>> batches;
  const auto received = protocol::SystemClock().now();
  for (std::size_t turn = 0, last = 0; turn == 0 || last != batches.size(); ++turn) {
    last = batches.size();
    for (const auto& log : logs) {
      if (turn >= log.batches.size()) continue;
      std::vector<store::RecordRow> rows;
      for (const auto& record : log.batches[turn].records)
        rows.push_back({log.id, record, protocol::record_hash(record), true, received});
      batches.push_back(columns_of(rows));
    }
  }
  return batches;
}

}  // namespace

void add_nodes(store::Transaction& transaction, const std::vector<LoggedNode>& logs) {
  store::Area area;
  area.id = "hue";
  area.name = "Thành phố Huế";
  area.kind = "province";
  add_area(transaction, area);
  for (const auto& log : logs) {
    store::Node node;
    node.id = log.id;
    node.code = "code-" + log.id;
    node.name = log.id;
    node.area = area.id;
    node.signing_key = log.key.public_key();
    add_node(transaction, node);
  }
}

double bare_insert(const std::string& url, const std::vector<LoggedNode>& logs,
                   std::size_t batches_at_once) {
  auto batches = batches_in_turn(logs);
  const auto session = store::open_session(url);
  const auto names = sql::written(store::RecordRow{}).names;
  const auto text = "insert into play_records (" + sql::joined(names) + ") values (" +
                    sql::placeholders(names.size()) + ")";
  const auto begun = std::chrono::steady_clock::now();
  for (std::size_t i = 0; i < batches.size();) {
    store::Transaction transaction(*session, store::system_actor(), {});
    for (std::size_t n = 0; n < batches_at_once && i < batches.size(); ++n, ++i)
      insert(*session, text, batches[i]);
    transaction.commit();
  }
  return Seconds(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace loa::bench
