#include <fmt/format.h>

#include <iostream>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct AlertOptions {
  std::string id, area, event = "general", title, status = "actual", stock, programme, text, state;
  int minutes = 60;
  int repeats = 1;
  int every_s = 0;
  bool yes = false;
};

/// The second confirmation: the person types the word, unless --yes stood on the command line.
bool confirmed(const json::value& prepared) {
  fmt::print(stderr, "This sounds at once on {} nodes ({} muted, {} not heard of). Type `yes` to send it: ", text_of(prepared, "nodes"),
             text_of(prepared, "muted_nodes"), text_of(prepared, "offline_nodes"));
  std::string typed;
  std::getline(std::cin, typed);
  return typed == "yes";
}

void raise(const Context& context, const AlertOptions& options) {
  auto client = context.client();
  json::object body{{"area", options.area},       {"event", options.event},     {"title", options.title},          {"status", options.status},
                    {"minutes", options.minutes}, {"repeats", options.repeats}};
  if (options.every_s > 0) body["repeat_every_s"] = options.every_s;
  if (!options.programme.empty()) body["programme"] = options.programme;
  if (!options.stock.empty()) body["stock_clip"] = options.stock;
  if (!options.text.empty()) body["text"] = options.text;
  const auto prepared = client.post("/alerts", body);
  const auto path = "/alerts/" + text_of(prepared, "id");
  if (!options.yes && !confirmed(prepared)) {
    client.post(path + "/cancel");
    throw CommandError(kRefused, "not confirmed, nothing was sent");
  }
  const auto sent = client.post(path + "/confirm", {{"confirmation_token", prepared.at("confirmation_token")}});
  if (text_of(sent, "speech") == "failed") fmt::print(stderr, "sent with its stock clip alone: {}\n", text_of(sent, "speech_problem"));
  context.show(sent, text_of(sent, "id"));
}

}  // namespace

void add_alert_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<AlertOptions>();
  auto* alert = app.add_subcommand("alert", "Emergencies: raise, list, cancel");
  alert->require_subcommand(1);

  auto* up = alert->add_subcommand("raise", "Sound an emergency at once; prints its id");
  up->add_option("--area", options->area, "Area id")->required();
  up->add_option("--title", options->title, "What it says, in one line")->required();
  up->add_option("--event", options->event, "Kind of event")->capture_default_str();
  up->add_option("--status", options->status, "actual, exercise or test")->check(CLI::IsMember({"actual", "exercise", "test"}))->capture_default_str();
  up->add_option("--stock", options->stock, "Stock clip to sound (default: the one of the event, or the general one)");
  auto* text = up->add_option("--text", options->text, "What it says: spoken into a clip before it is sent");
  up->add_option("--programme", options->programme, "Approved programme whose clip it speaks")->excludes(text);
  up->add_option("--minutes", options->minutes, "How long it is in force")->check(CLI::Range(1, 10'080))->capture_default_str();
  up->add_option("--repeats", options->repeats, "How often it sounds; 0: until it expires")->check(CLI::Range(0, 100))->capture_default_str();
  up->add_option("--every", options->every_s, "Seconds from one start to the next")->check(CLI::Range(0, 86'400))->capture_default_str();
  up->add_flag("--yes", options->yes, "Confirm without asking");
  up->callback([&context, options] { raise(context, *options); });

  auto* list = alert->add_subcommand("list", "List alerts");
  list->add_option("--area", options->area, "Only this area and below");
  list->add_option("--state", options->state, "pending, active, cancelled or ended");
  list->callback([&context, options] {
    context.show(context.client().all("/alerts", {{"area", options->area}, {"state", options->state}}, 10'000),
                 {{"ID", "id"}, {"STATE", "state"}, {"STATUS", "status"}, {"AREA", "area"}, {"EXPIRES", "expires_at"}, {"TITLE", "title"}});
  });

  auto* cancel = alert->add_subcommand("cancel", "Silence an active alert");
  cancel->add_option("ID", options->id, "Alert id")->required();
  cancel->callback([&context, options] {
    context.show(context.client().post("/alerts/" + escaped(options->id) + "/cancel"), "cancelled");
  });
}

}  // namespace loa::tool
