#include <fmt/format.h>

#include "tools/loa/command.hpp"
#include "tools/loa/volume.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct AreaOptions {
  std::string id, file, prefix, name, programme;
  VolumeOptions volume;
  bool allow = false;
  bool held = false;
};

void set_policy(const Context& context, const AreaOptions& options) {
  auto client = context.client();
  const auto path = "/areas/" + escaped(options.id);
  auto policy = client.get(path).at("policy").as_object();
  policy["self_approval"] = options.allow;
  context.show(client.put(path + "/policy", policy), "saved");
}

void show_stock(const Context& context, const json::value& stock) {
  context.show(stock.at("items").as_array(), {{"NAME", "name"}, {"TITLE", "title"}, {"AREA", "area"}, {"MS", "clip.duration_ms"}, {"SHA256", "clip.sha256"}});
}

// What an area's nodes keep and say by a name, and what stands in where nothing planned can sound.
void add_stock_commands(CLI::App* area, Context& context, const std::shared_ptr<AreaOptions>& options) {
  const auto path = [options] { return "/areas/" + escaped(options->id) + "/stock-clips"; };
  auto* list = area->add_subcommand("stock", "Stock clips of an area's own");
  list->add_option("AREA", options->id, "Area id")->required();
  list->add_flag("--held", options->held, "All that its nodes hold: everyone's, those of the areas above and its own");
  list->callback([&context, options, path] { show_stock(context, context.client().get(with_query(path(), {{"which", options->held ? "held" : ""}}))); });

  auto* put = area->add_subcommand("stock-put", "Let an approved programme be a stock clip of an area");
  put->add_option("AREA", options->id, "Area id")->required();
  put->add_option("NAME", options->name, "What alerts and settings call it by")->required();
  put->add_option("PROGRAMME", options->programme, "Programme id")->required();
  put->callback([&context, options, path] {
    show_stock(context, context.client().put(path() + "/" + escaped(options->name), {{"programme", options->programme}}));
  });

  auto* drop = area->add_subcommand("stock-drop", "Take a stock clip of an area's own away");
  drop->add_option("AREA", options->id, "Area id")->required();
  drop->add_option("NAME", options->name, "Its name")->required();
  drop->callback([&context, options, path] { show_stock(context, context.client().remove(path() + "/" + escaped(options->name))); });

  auto* stand_in = area->add_subcommand("stand-in", "Stock clip that sounds where neither a planned clip nor a substitute can");
  stand_in->add_option("AREA", options->id, "Area id")->required();
  stand_in->add_option("NAME", options->name, "Name of the stock clip; empty: none")->required();
  stand_in->callback([&context, options] { change_settings(context, "/areas/" + escaped(options->id), {{"stand_in", options->name}}); });
}

}  // namespace

void add_area_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<AreaOptions>();
  auto* area = app.add_subcommand("area", "Areas: list, import, settings");
  area->require_subcommand(1);

  area->add_subcommand("list", "All areas that you may see")->callback([&context] {
    context.show(context.client().get("/areas").at("items").as_array(),
                 {{"ID", "id"}, {"NAME", "name"}, {"KIND", "kind"}, {"PARENT", "parent"}, {"NODES", "nodes.total"}, {"READY", "nodes.ready"},
                  {"MUTED", "effective_settings.mute"}});
  });

  auto* import = area->add_subcommand("import", "Create and update areas from a CSV file");
  import->add_option("FILE", options->file, "code,name,kind,parent,lat,lon,km2,old_codes")->required()->check(CLI::ExistingFile);
  import->add_option("--prefix", options->prefix, "Id of the topmost area, and the beginning of all others")->required();
  import->callback([&context, options] {
    auto client = context.client();
    const auto result = client.upload(with_query("/area-imports", {{"prefix", options->prefix}}), options->file, "text/csv", {});
    context.show(result, fmt::format("{} created, {} updated, {} unchanged", text_of(result, "created"), text_of(result, "updated"),
                                     text_of(result, "unchanged")));
  });

  for (const bool mute : {true, false}) {
    auto* command = area->add_subcommand(mute ? "mute" : "unmute", mute ? "Silence every node of an area, alerts too" : "End the area's own mute");
    command->add_option("AREA", options->id, "Area id")->required();
    command->callback([&context, options, mute] { change_settings(context, "/areas/" + escaped(options->id), {{"mute", mute}}); });
  }

  auto* stop = area->add_subcommand("stop", "Stop what sounds now on every node of an area");
  stop->add_option("AREA", options->id, "Area id")->required();
  stop->callback([&context, options] {
    const auto orders = context.client().post("/areas/" + escaped(options->id) + "/stop");
    context.show(orders, fmt::format("{} orders sent", orders.at("items").as_array().size()));
  });

  auto* policy = area->add_subcommand("self-approval", "Whether authors of an area may approve their own programmes");
  policy->add_option("AREA", options->id, "Area id")->required();
  policy->add_option("ALLOW", options->allow, "true or false")->required();
  policy->callback([&context, options] { set_policy(context, *options); });

  add_stock_commands(area, context, options);

  auto* volume = area->add_subcommand("volume", "Set the volumes of an area, in percent");
  volume->add_option("AREA", options->id, "Area id")->required();
  add_volume_options(volume, options->volume);
  volume->callback([&context, options] { change_settings(context, "/areas/" + escaped(options->id), change_of(options->volume)); });
}

}  // namespace loa::tool
