#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace {

namespace json = boost::json;

void print_hold(const json::value& hold) {
  if (!hold.at("on_hold").as_bool()) return fmt::print("The controller is not on hold.\n");
  fmt::print("On hold since {}: {}.\n", text_of(hold, "since"), text_of(hold, "reason"));
  if (const auto made = text_of(hold, "backup_made_at"); !made.empty()) fmt::print("The backup is of {}.\n", made);
  const auto own = hold.at("key_set").at("number").as_int64();
  const auto seen = hold.at("key_set").at("seen").as_int64();
  if (seen > own) fmt::print("Nodes or broker hold key set {}, this controller has {}: bring the newer one with `loa keys import FILE`.\n", seen, own);
  if (!hold.at("whole").as_bool()) fmt::print("There was more on the broker than is shown here.\n");
  fmt::print("\nAlerts: those that nobody keeps end with the hold.\n");
  print_table(hold.at("alerts").as_array(), {{"ID", "id"}, {"AREA", "area"}, {"EVENT", "event"}, {"TITLE", "title"}, {"BROKER", "broker"}, {"KNOWN", "known"}, {"KEPT", "kept"}, {"UNTIL", "expires_at"}});
  fmt::print("\nSoundings that nodes hold and this controller does not know: they are withdrawn with the hold.\n");
  print_table(hold.at("occurrences").as_array(), {{"DUE", "due_at"}, {"TITLE", "title"}, {"CLASS", "class"}, {"AREA", "area"}, {"NODES", "nodes"}, {"ID", "id"}});
  fmt::print("\nFound at its beginning:\n");
  print_table(hold.at("notes").as_array(), {{"KIND", "kind"}, {"ID", "id"}, {"DETAIL", "detail"}});
}

}  // namespace

void add_hold_commands(CLI::App& app, Context& context) {
  auto id = std::make_shared<std::string>();
  auto* hold = app.add_subcommand("hold", "After a restore: what the controller found, and the end of its hold");
  auto* keep = hold->add_subcommand("keep", "Let an alert go on after the hold (as an approver)");
  keep->add_option("ALERT", *id, "Alert id")->required();
  keep->callback([&context, id] { context.show(context.client().post("/hold/alerts/" + escaped(*id) + "/keep"), "it goes on when the hold ends"); });
  auto* end = hold->add_subcommand("end", "End the hold: everything is signed anew and nodes are asked for their records (as an administrator)");
  end->callback([&context] { context.show(context.client().post("/hold/end"), "the hold has ended"); });
  hold->callback([&context, hold] {
    if (!hold->get_subcommands().empty()) return;
    const auto answer = context.client().get("/hold");
    if (context.json)
      context.show(answer, "");
    else
      print_hold(answer);
  });
}

}  // namespace loa::tool
