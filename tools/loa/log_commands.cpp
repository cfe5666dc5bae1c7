#include <fmt/format.h>
#include <soci/soci.h>

#include "controller/store/log_batches.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/open_to_read.hpp"
#include "controller/store/record_proof.hpp"
#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

constexpr std::size_t kEveryNode = 100'000;
constexpr std::string_view kOnTheWay = "on_the_way";  // no fault: the board may be sending them

struct LogOptions {
  std::string area, node, broadcast, programme, alert, outcome, from, to;
  std::size_t most = 100;
  std::size_t wait = 0;
  int seconds = 60;
};

const std::vector<Column> kColumns{{"NODE", "node_code"},     {"DUE", "due"},         {"STARTED", "started"},     {"ERROR µs", "start_error_us"},
                                   {"HEARD ms", "heard_ms"},  {"OUTCOME", "outcome"}, {"REASON", "reason"},       {"LEVEL dBFS", "level_dbfs"},
                                   {"CLASS", "class"},        {"OCCURRENCE", "occurrence"}, {"NO TLS", "plain_http"}};

void show_log(const Context& context, const LogOptions& options) {
  auto client = context.client();
  const auto read = [&] {
    return client.all("/play-records",
                      {{"area", options.area}, {"node", options.node}, {"broadcast", options.broadcast}, {"programme", options.programme},
                       {"alert", options.alert}, {"outcome", options.outcome}, {"from", options.from}, {"to", options.to}},
                      std::max(options.most, options.wait));
  };
  auto records = read();
  if (records.size() < options.wait)
    wait_until(options.seconds, fmt::format("{} play records", options.wait), [&] {
      records = read();
      return records.size() >= options.wait;
    });
  context.show(records, kColumns);
}

struct VerifyOptions {
  std::string node, area, database;
};

/// What was found in all logs that were looked at.
struct Proved {
  std::int64_t records = 0;
  std::int64_t logs = 0;
  json::array findings;  ///< node, log_id, fault, from, to
  void add(const std::string& node, const std::string& log, const std::string& fault, std::int64_t from, std::int64_t to) {
    findings.push_back(json::object{{"node", node}, {"log_id", log}, {"fault", fault}, {"from", from}, {"to", to}});
  }
};

void prove_online(const Context& context, const VerifyOptions& options, Proved& proved) {
  auto client = context.client();
  bool found = options.node.empty();
  for (const auto& node : client.all("/nodes", {{"area", options.area}}, kEveryNode)) {
    const auto id = text_of(node, "id"), code = text_of(node, "code");
    if (!options.node.empty() && options.node != id && options.node != code) continue;
    found = true;
    const auto logs = client.get("/nodes/" + id + "/logs");
    for (const auto& log : logs.at("items").as_array()) {
      const auto log_id = text_of(log, "log_id");
      ++proved.logs;
      for (std::int64_t from = 1; from > 0;) {
        const auto part = client.get(fmt::format("/nodes/{}/record-proof?log={}&from={}", id, log_id, from));
        proved.records += part.at("proved").to_number<std::int64_t>();
        for (const auto& one : part.at("findings").as_array())
          if (text_of(one, "fault") != kOnTheWay)
            proved.add(code, log_id, text_of(one, "fault"), one.at("from").to_number<std::int64_t>(), one.at("to").to_number<std::int64_t>());
        const auto* next = part.as_object().if_contains("next");
        from = next ? next->to_number<std::int64_t>() : 0;
      }
    }
  }
  if (!found) throw CommandError(kNotFound, "no node " + options.node + " here");
}

void prove_database(const VerifyOptions& options, Proved& proved) {
  const auto session = store::open_to_read(options.database);
  // In a copy, what was on its way when it was made counts as that.
  const auto last_word = store::newest_state_received(*session);
  bool found = options.node.empty();
  for (const auto& node : store::list_every_node(*session)) {
    if (!options.node.empty() && options.node != node.id && options.node != node.code) continue;
    found = true;
    for (const auto& log : store::list_logs(*session, node.id)) {
      ++proved.logs;
      for (std::optional<std::int64_t> from = 1; from;) {
        const auto part = store::prove(store::read_log_part(*session, node.id, log.log_id, last_word, *from));
        proved.records += part.proved;
        for (const auto& one : part.findings)
          if (one.fault != store::ProofFault::on_the_way) proved.add(node.code, log.log_id, name_of(one.fault), one.from, one.to);
        from = part.next;
      }
    }
  }
  if (!found) throw CommandError(kNotFound, "no node " + options.node + " there");
}

void verify_logs(const Context& context, const VerifyOptions& options) {
  Proved proved;
  if (options.database.empty())
    prove_online(context, options, proved);
  else
    prove_database(options, proved);
  if (proved.findings.empty()) {
    const auto sentence = fmt::format("{} records in {} logs are what the boards signed; nothing is missing", proved.records, proved.logs);
    return context.show(json::object{{"ok", true}, {"records", proved.records}, {"logs", proved.logs}}, sentence);
  }
  context.show(proved.findings, {{"NODE", "node"}, {"LOG", "log_id"}, {"FAULT", "fault"}, {"FROM", "from"}, {"TO", "to"}});
  throw CommandError(kRefused, fmt::format("{} faults; {} records are what the boards signed", proved.findings.size(), proved.records));
}

}  // namespace

void add_log_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<LogOptions>();
  auto* log = app.add_subcommand("log", "What the nodes recorded: one outcome for each occurrence");
  log->add_option("--area", options->area, "Only this area and below");
  log->add_option("--node", options->node, "Only this node (id)");
  log->add_option("--broadcast", options->broadcast, "Only this broadcast");
  log->add_option("--programme", options->programme, "Only this programme");
  log->add_option("--alert", options->alert, "Only this alert");
  log->add_option("--outcome", options->outcome, "played, partial, failed, skipped or cancelled");
  log->add_option("--from", options->from, "Due at or after, RFC 3339");
  log->add_option("--to", options->to, "Due before, RFC 3339");
  log->add_option("--most", options->most, "How many at most")->check(CLI::Range(1, 100'000))->capture_default_str();
  log->add_option("--wait", options->wait, "Wait until there are this many");
  log->add_option("--timeout", options->seconds, "Seconds to wait at most")->capture_default_str();
  auto verifying = std::make_shared<VerifyOptions>();
  auto* verify = log->add_subcommand("verify", "Check that the records are what the boards signed, and that none is missing; exit code 1 where not");
  verify->add_option("--node", verifying->node, "Only this node (code or id)");
  verify->add_option("--area", verifying->area, "Only this area and below");
  verify->add_option("--database", verifying->database, "Read this database itself, a file or URL, boards that are gone too, instead of asking the controller")
      ->excludes("--area");
  verify->callback([&context, verifying] { verify_logs(context, *verifying); });
  log->callback([&context, options, log] {
    if (log->get_subcommands().empty()) show_log(context, *options);
  });
}

}  // namespace loa::tool
