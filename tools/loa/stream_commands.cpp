#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct StreamOptions {
  std::string id, name, area, url, language, state;
};

std::string path_of(const StreamOptions& options) { return "/streams/" + escaped(options.id); }

json::object content_of(const StreamOptions& options) {
  json::object body;
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) body[key] = value;
  };
  put("name", options.name);
  put("url", options.url);
  put("language", options.language);
  return body;
}

/// A stream with what stands between it and the loudspeakers.
void show_state(const Context& context, const json::value& stream) {
  const auto held_back = text_of(stream, "held_back");
  context.show(stream, fmt::format("{}{}{}", text_of(stream, "state"), held_back.empty() ? "" : ", in no plan: " + held_back,
                                   stream.at("plain_http").as_bool() ? ", UNSAFE: without TLS" : ""));
}

void approve(const Context& context, const StreamOptions& options) {
  auto client = context.client();
  const auto seen = client.get(path_of(options));
  const auto approved = client.post(path_of(options) + "/approve", {{"content_hash", text_of(seen, "content_hash")}});
  context.show(approved, fmt::format("approved: {} {}", text_of(approved, "name"), text_of(approved, "url")));
}

void allow_plain_http(const Context& context, const StreamOptions& options, bool allowed) {
  auto client = context.client();
  const auto seen = client.get(path_of(options));
  show_state(context, client.put(path_of(options) + "/plain-http", {{"allowed", allowed}, {"content_hash", text_of(seen, "content_hash")}}));
}

void add_content(CLI::App* command, const std::shared_ptr<StreamOptions>& options, bool needed) {
  command->add_option("--name", options->name, "What broadcasts of it and their records are called")->required(needed);
  command->add_option("--url", options->url, "Address of the sound itself, https://HOST[:PORT]/PATH; one with http:// needs the province's leave")->required(needed);
  command->add_option("--language", options->language, "BCP 47 (default vi)");
}

}  // namespace

void add_stream_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<StreamOptions>();
  auto* stream = app.add_subcommand("stream", "Relays and live streams: add, approve, change, retire");
  stream->require_subcommand(1);

  auto* list = stream->add_subcommand("list", "List streams, those of the areas above too");
  list->add_option("--area", options->area, "Only this area and below");
  list->add_option("--state", options->state, "waiting, approved or retired");
  list->callback([&context, options] {
    context.show(context.client().all("/streams", {{"area", options->area}, {"state", options->state}}, 10'000),
                 {{"ID", "id"}, {"STATE", "state"}, {"AREA", "area"}, {"NO TLS", "plain_http"}, {"HELD BACK", "held_back"}, {"SET BY", "set_by.name"},
                  {"NAME", "name"}, {"URL", "url"}});
  });

  auto* add = stream->add_subcommand("add", "A new stream, which waits for approval; prints its id");
  add->add_option("--area", options->area, "Area id: the nodes of this area and below may relay it")->required();
  add_content(add, options, true);
  add->callback([&context, options] {
    auto body = content_of(*options);
    body["area"] = options->area;
    const auto made = context.client().post("/streams", body);
    context.show(made, text_of(made, "id"));
  });

  const auto with_id = [&](const char* name, const char* help) {
    auto* command = stream->add_subcommand(name, help);
    command->add_option("ID", options->id, "Stream id")->required();
    return command;
  };
  with_id("show", "One stream")->callback([&context, options] { print_json(context.client().get(path_of(*options))); });

  auto* change = with_id("change", "Change what is given; it waits for approval again, and is in no plan meanwhile");
  add_content(change, options, false);
  change->callback([&context, options] {
    const auto body = content_of(*options);
    if (body.empty()) throw CommandError(kUsage, "give --name, --url or --language");
    show_state(context, context.client().patch(path_of(*options), body));
  });

  with_id("approve", "Approve exactly the address that it has now")->callback([&context, options] { approve(context, *options); });
  with_id("allow-plain-http", "Allow its address without TLS (the province alone)")->callback([&context, options] {
    allow_plain_http(context, *options, true);
  });
  with_id("forbid-plain-http", "Take that back: it leaves every plan at once")->callback([&context, options] {
    allow_plain_http(context, *options, false);
  });
  with_id("retire", "Take it out of every plan at once and for good; what sounds of it stops")->callback([&context, options] {
    context.show(context.client().post(path_of(*options) + "/retire"), "retired");
  });
}

}  // namespace loa::tool
