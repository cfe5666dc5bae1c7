#include <fmt/format.h>

#include <algorithm>

#include "tools/loa/command.hpp"
#include "tools/loa/node_lookup.hpp"
#include "tools/loa/private_file.hpp"
#include "tools/loa/volume.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct NodeOptions {
  std::string code, area, name, out, status;
  std::int64_t from_number = 0;
  int wait_ready = 0;
  int seconds = 60;
  VolumeOptions volume;
};

const std::vector<Column> kColumns{{"CODE", "code"},          {"NAME", "name"},         {"AREA", "area"},
                                   {"STATUS", "status"},      {"PLAN", "wanted_plan"},  {"VERIFIED", "report.plan_verified"},
                                   {"SOUNDING", "report.sounding"}, {"REPORTED", "report.reported_at"}, {"ID", "id"}};

void add_node(const Context& context, const NodeOptions& options) {
  const auto file = options.out.empty() ? options.code + ".bundle.json" : options.out;
  PrivateFile bundle(file);
  const auto made = context.client().post("/nodes", {{"code", options.code}, {"area", options.area}, {"name", options.name.empty() ? options.code : options.name}});
  bundle.write(std::string(made.at("bundle").as_string()));
  context.show(made.at("node"), fmt::format("node {} joins with `loa-node --bundle {}`; the file holds private keys and is not kept here",
                                            text_of(made, "node.id"), file));
}

void list_nodes(const Context& context, const NodeOptions& options) {
  auto client = context.client();
  const auto list = [&] { return client.all("/nodes", {{"area", options.area}, {"status", options.status}}, 100'000); };
  auto nodes = list();
  const auto ready = [&] {
    return static_cast<int>(std::count_if(nodes.begin(), nodes.end(), [](const json::value& node) {
      return text_of(node, "status") == "ready" && text_of(node, "report.plan_verified") == text_of(node, "wanted_plan");
    }));
  };
  if (options.wait_ready > 0)
    wait_until(options.seconds, fmt::format("the state `ready` of {} nodes", options.wait_ready), [&] {
      nodes = list();
      return ready() >= options.wait_ready;
    });
  context.show(nodes, kColumns);
}

void order(const Context& context, const NodeOptions& options, const char* kind) {
  auto client = context.client();
  const auto node = find_node(client, options.code);
  json::object body{{"kind", kind}};
  if (options.from_number > 0) body["from_number"] = options.from_number;
  const auto made = client.post("/nodes/" + text_of(node, "id") + "/orders", body);
  context.show(made, fmt::format("order {} sent to {}", text_of(made, "id"), options.code));
}

std::string path_of(const Context& context, const NodeOptions& options) {
  auto client = context.client();
  return "/nodes/" + text_of(find_node(client, options.code), "id");
}

void add_list_options(CLI::App* list, const std::shared_ptr<NodeOptions>& options) {
  list->add_option("--area", options->area, "Only this area and below");
  list->add_option("--status", options->status, "Only nodes in this state");
  list->add_option("--wait-ready", options->wait_ready, "Wait until this many nodes hold their wanted plan with every file");
  list->add_option("--timeout", options->seconds, "Seconds to wait at most")->capture_default_str();
}

}  // namespace

json::value find_node(Client& client, const std::string& code) {
  for (auto& node : client.all("/nodes", {}, 100'000))
    if (text_of(node, "code") == code || text_of(node, "id") == code) return node;
  throw CommandError(kNotFound, fmt::format("no node {} that you may see", code));
}

void add_node_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<NodeOptions>();

  auto* nodes = app.add_subcommand("nodes", "List nodes with their live state");
  add_list_options(nodes, options);
  nodes->callback([&context, options] { list_nodes(context, *options); });

  auto* node = app.add_subcommand("node", "One node: add, revoke, replace, show, mute, volume, orders; import of many");
  node->require_subcommand(1);

  auto* add = node->add_subcommand("add", "Add a node and write the bundle file that it joins with");
  add->add_option("CODE", options->code, "Code of the place")->required();
  add->add_option("--area", options->area, "Area id")->required();
  add->add_option("--name", options->name, "Where it hangs");
  add->add_option("--out", options->out, "Bundle file to write (default CODE.bundle.json)");
  add->callback([&context, options] { add_node(context, *options); });

  add_board_commands(*node, context);

  auto* show = node->add_subcommand("show", "All that is known of a node");
  show->add_option("CODE", options->code, "Code or id")->required();
  show->callback([&context, options] {
    auto client = context.client();
    print_json(find_node(client, options->code));
  });

  for (const bool mute : {true, false}) {
    auto* command = node->add_subcommand(mute ? "mute" : "unmute", mute ? "Silence the node, alerts too" : "End the node's own mute");
    command->add_option("CODE", options->code, "Code or id")->required();
    command->callback([&context, options, mute] { change_settings(context, path_of(context, *options), {{"mute", mute}}); });
  }

  auto* volume = node->add_subcommand("volume", "Set the node's own volumes, in percent");
  volume->add_option("CODE", options->code, "Code or id")->required();
  add_volume_options(volume, options->volume);
  volume->callback([&context, options] { change_settings(context, path_of(context, *options), change_of(options->volume)); });

  const std::pair<const char*, const char*> orders[] = {{"stop", "Stop what sounds now"},
                                                        {"self_test", "Sound the chime and report its level"},
                                                        {"report", "Send state and play records now"},
                                                        {"restart", "Restart the node's program"}};
  for (const auto& [kind, help] : orders) {
    auto* command = node->add_subcommand(kind, help);
    command->add_option("CODE", options->code, "Code or id")->required();
    if (std::string(kind) == "report")
      command->add_option("--from", options->from_number, "Send play records again from this number");
    command->callback([&context, options, kind = kind] { order(context, *options, kind); });
  }
}

}  // namespace loa::tool
