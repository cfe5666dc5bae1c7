#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct LogOptions {
  std::string area, node, broadcast, programme, alert, outcome, from, to;
  std::size_t most = 100;
  std::size_t wait = 0;
  int seconds = 60;
};

const std::vector<Column> kColumns{{"NODE", "node_code"},     {"DUE", "due"},         {"STARTED", "started"},     {"ERROR µs", "start_error_us"},
                                   {"HEARD ms", "heard_ms"},  {"OUTCOME", "outcome"}, {"REASON", "reason"},       {"LEVEL dBFS", "level_dbfs"},
                                   {"CLASS", "class"},        {"OCCURRENCE", "occurrence"}};

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
  log->callback([&context, options] { show_log(context, *options); });
}

}  // namespace loa::tool
