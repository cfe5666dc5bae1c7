#include <fmt/format.h>

#include <chrono>

#include "scheduler/time.hpp"
#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct ScheduleOptions {
  std::string programme, stream, at, rrule, cls = "normal", id, state;
  std::vector<std::string> areas, nodes, substitutes;
  int minutes = 0;
  int in_seconds = 0;
  int volume = 100;
  bool preview = false;
};

/// RFC 3339 of whole seconds from now on.
std::string seconds_from_now(int seconds) {
  const auto now = std::chrono::time_point_cast<std::chrono::seconds>(std::chrono::system_clock::now());
  return scheduler::to_rfc3339(std::chrono::time_point_cast<scheduler::Millis>(now + std::chrono::seconds(seconds)));
}

json::object body_of(const ScheduleOptions& options) {
  if (options.at.empty() == (options.in_seconds == 0)) throw CommandError(kUsage, "give either --at TIME or --in SECONDS");
  if (options.areas.empty() && options.nodes.empty()) throw CommandError(kUsage, "give --area or --node");
  if (options.programme.empty() == options.stream.empty()) throw CommandError(kUsage, "give either --programme or --stream");
  if (options.stream.empty() != (options.minutes == 0)) throw CommandError(kUsage, "give --minutes with --stream, and only with it");
  json::object body{{"class", options.cls},
                    {"start", options.at.empty() ? seconds_from_now(options.in_seconds) : options.at},
                    {"areas", json::array(options.areas.begin(), options.areas.end())},
                    {"nodes", json::array(options.nodes.begin(), options.nodes.end())},
                    {"volume", options.volume}};
  if (!options.programme.empty()) body["programme"] = options.programme;
  if (!options.stream.empty()) {
    body["stream"] = options.stream;
    body["duration_s"] = options.minutes * 60;
  }
  if (!options.substitutes.empty()) body["substitutes"] = json::array(options.substitutes.begin(), options.substitutes.end());
  if (!options.rrule.empty()) body["rrule"] = options.rrule;
  return body;
}

/// What stands in the way, or nothing.
std::string other_in(const json::value& problem) {
  const auto* other = problem.as_object().if_contains("other");
  if (!other) return {};
  if (other->at("elsewhere").as_bool()) return "a broadcast of another area";
  return fmt::format("{} {} {}", text_of(*other, "start"), text_of(*other, "title"), text_of(*other, "broadcast"));
}

void preview(const Context& context, Client& client, const json::object& body) {
  const auto seen = client.post("/broadcast-previews", body);
  if (context.json) return print_json(seen);
  for (const auto& problem : seen.at("problems").as_array()) {
    fmt::print("{}: {} ({})\n", text_of(problem, "severity"), text_of(problem, "detail"), text_of(problem, "code"));
    if (const auto other = other_in(problem); !other.empty()) fmt::print("  {}\n", other);
    if (const auto* nodes = problem.as_object().if_contains("nodes"))
      for (const auto& node : nodes->as_array()) fmt::print("  {} {}\n", text_of(node, "code"), text_of(node, "name"));
  }
  fmt::print("{} nodes, {} muted, {} not heard of\n", text_of(seen, "reach.total"), text_of(seen, "reach.muted"), text_of(seen, "reach.offline"));
  print_table(seen.at("occurrences").as_array(), {{"START", "start"}, {"END", "end"}, {"LOCAL", "local_start"}});
}

}  // namespace

void add_schedule_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<ScheduleOptions>();
  auto* schedule = app.add_subcommand("schedule", "Broadcasts: add, list, cancel, coming occurrences");
  schedule->require_subcommand(1);

  auto* add = schedule->add_subcommand("add", "Schedule an approved programme or stream; prints the broadcast's id");
  add->add_option("--programme", options->programme, "Programme id; or --stream");
  add->add_option("--stream", options->stream, "Stream id: a relay of it");
  add->add_option("--minutes", options->minutes, "How long the stream is relayed")->check(CLI::Range(1, 720));
  add->add_option("--substitute", options->substitutes,
                  "Id of an approved programme that sounds instead where a node lacks the clip or the stream is lost; may be repeated, the first is tried first");
  add->add_option("--area", options->areas, "Area id; may be repeated");
  add->add_option("--node", options->nodes, "Node id; may be repeated");
  add->add_option("--at", options->at, "First start, RFC 3339, like 2026-11-25T06:00:00+07:00");
  add->add_option("--in", options->in_seconds, "First start in this many seconds")->check(CLI::Range(1, 86'400));
  add->add_option("--rrule", options->rrule, "RFC 5545 rule with COUNT or UNTIL, like FREQ=DAILY;COUNT=5");
  add->add_option("--class", options->cls, "normal or priority")->check(CLI::IsMember({"normal", "priority"}))->capture_default_str();
  add->add_option("--volume", options->volume, "Percent of the nodes' own")->check(CLI::Range(0, 100))->capture_default_str();
  add->add_flag("--preview", options->preview, "Only show what it would do");
  add->callback([&context, options] {
    auto client = context.client();
    const auto body = body_of(*options);
    if (options->preview) return preview(context, client, body);
    const auto made = client.post("/broadcasts", body);
    context.show(made, text_of(made, "id"));
  });

  auto* list = schedule->add_subcommand("list", "List broadcasts");
  list->add_option("--state", options->state, "active, cancelled or ended");
  list->callback([&context, options] {
    context.show(context.client().all("/broadcasts", {{"state", options->state}}, 10'000),
                 {{"ID", "id"}, {"STATE", "state"}, {"CLASS", "class"}, {"NEXT", "next_start"}, {"NODES", "reach.total"}, {"NO TLS", "plain_http"},
                  {"HELD BACK", "held_back"}, {"TITLE", "title"}});
  });

  auto* cancel = schedule->add_subcommand("cancel", "Take a broadcast back; what sounds of it stops");
  cancel->add_option("ID", options->id, "Broadcast id")->required();
  cancel->callback([&context, options] {
    context.show(context.client().post("/broadcasts/" + escaped(options->id) + "/cancel"), "cancelled");
  });
}

}  // namespace loa::tool
