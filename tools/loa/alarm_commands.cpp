#include "tools/loa/command.hpp"

namespace loa::tool {

namespace {

struct AlarmOptions {
  std::string id, area, state;
};

}  // namespace

void add_alarm_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<AlarmOptions>();
  auto* alarms = app.add_subcommand("alarms", "What a person should look into: silent nodes, forged messages, keys that lapse; newest first");
  alarms->add_option("--area", options->area, "Only this area and below");
  alarms->add_option("--state", options->state, "open, unacknowledged or ended (default: all)")
      ->check(CLI::IsMember({"open", "unacknowledged", "ended"}));

  auto* ack = alarms->add_subcommand("ack", "Note that you have seen one; it ends by itself, with its cause");
  ack->add_option("ID", options->id, "Alarm id")->required();
  ack->callback([&context, options] {
    context.show(context.client().post("/alarms/" + escaped(options->id) + "/acknowledge"), "acknowledged");
  });

  alarms->callback([&context, options, alarms] {
    if (!alarms->get_subcommands().empty()) return;
    context.show(context.client().all("/alarms", {{"area", options->area}, {"state", options->state}}, 10'000),
                 {{"ID", "id"}, {"KIND", "kind"}, {"SUBJECT", "subject"}, {"NODE", "node_code"}, {"AREA", "area"}, {"COUNT", "count"},
                  {"LAST", "last_at"}, {"ENDED", "ended_at"}, {"SEEN BY", "acknowledged.by.name"}, {"DETAIL", "detail"}});
  });
}

}  // namespace loa::tool
