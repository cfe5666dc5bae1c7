#include "controller/store/record_proof.hpp"

#include "controller/api/api.hpp"
#include "controller/api/area_answers.hpp"
#include "controller/api/handlers.hpp"
#include "controller/store/log_batches.hpp"

namespace loa::api {
namespace {

// A board that is gone has left its logs.
http::Result<store::Node> find_board(const StoreCall& call) {
  auto node = store::find_node(call.db, call.call.parameter("id"));
  if (!node) return not_found("such node");
  if (auto problem = guard(call, node->area)) return problem->status == 404 ? not_found("such node") : *problem;
  return std::move(*node);
}

json::object log_answer(const store::LogView& log) {
  json::object answer{{"log_id", log.log_id}, {"records", log.records}, {"complete_to", log.complete_to}, {"highest", log.highest}, {"reported", log.reported}};
  if (log.lacking_since) answer["lacking_since"] = time_text(*log.lacking_since);
  return answer;
}

}  // namespace

Reply list_node_logs(StoreCall& call) {
  Query query(call.call.request);
  if (auto problem = query.finish()) return *problem;
  const auto board = find_board(call);
  if (board.has_error()) return board.error();
  json::array items;
  for (const auto& log : store::list_logs(call.db, board->id)) items.push_back(log_answer(log));
  return json_response(json::object{{"items", std::move(items)}});
}

// Only reading holds the store: signatures are checked on the worker.
awaitable<Reply> prove_node_records(Api& api, Call call) {
  Query query(call.request);
  query.require("log");
  const auto log = query.text("log").value_or("");
  const auto from = query.whole("from", 1, std::int64_t{1} << 53).value_or(1);
  if (auto problem = query.finish()) co_return std::move(*problem);
  auto shared = std::make_shared<Call>(std::move(call));
  auto read = [shared, log, from](store::Session& db) -> http::Result<store::LogPart> {
    Effects none;
    const auto board = find_board(StoreCall{*shared, db, none});
    if (board.has_error()) return board.error();
    return store::read_log_part(db, board->id, log, shared->now, from);
  };
  auto part = co_await api.store().run(std::move(read));
  if (part.has_error()) co_return part.error();
  auto check = [part = std::make_shared<store::LogPart>(std::move(*part))] { return store::prove(*part); };
  const auto proof = co_await api.worker().run(std::move(check));
  json::array findings;
  for (const auto& one : proof.findings) findings.push_back(json::object{{"fault", name_of(one.fault)}, {"from", one.from}, {"to", one.to}});
  json::object answer{{"log_id", log}, {"from", proof.from}, {"to", proof.to}, {"records", proof.records}, {"proved", proof.proved}, {"findings", std::move(findings)}};
  if (proof.next) answer["next"] = *proof.next;
  co_return json_response(answer);
}

}  // namespace loa::api
