#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct TokenOptions {
  std::string id, name, area;
  std::vector<std::string> scopes;
  int days = 365;
};

}  // namespace

void add_token_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<TokenOptions>();
  auto* token = app.add_subcommand("token", "Tokens with which machines read: list, create, revoke");
  token->require_subcommand(1);
  auto* list = token->add_subcommand("list", "Tokens of the areas that you administer, the newest first");
  list->add_option("--area", options->area, "Only this area and below");
  list->callback([&context, options] {
    context.show(context.client().all("/tokens", {{"area", options->area}}, 10'000),
                 {{"ID", "id"}, {"NAME", "name"}, {"AREA", "area"}, {"SCOPES", "scopes"}, {"STATE", "state"}, {"EXPIRES", "expires_at"},
                  {"LAST USED", "last_used_at"}, {"FROM", "last_address"}, {"MADE BY", "created_by.name"}});
  });
  auto* create = token->add_subcommand("create", "Make a token; it is printed once and never again");
  create->add_option("NAME", options->name, "What it is for")->required();
  create->add_option("--area", options->area, "This area and all below")->required();
  create->add_option("--scope", options->scopes, "read:areas, read:nodes, read:programmes, read:broadcasts, read:records, read:alerts, read:alarms or read:audit; may be repeated")->required();
  create->add_option("--days", options->days, "Counts for so long, at most 366")->capture_default_str();
  create->callback([&context, options] {
    const auto made = context.client().post(
        "/tokens", {{"name", options->name}, {"area", options->area}, {"scopes", json::array(options->scopes.begin(), options->scopes.end())}, {"days", options->days}});
    context.show(made, text_of(made, "token"));
  });
  auto* revoke = token->add_subcommand("revoke", "Let a token open nothing any more");
  revoke->add_option("ID", options->id, "Token id")->required();
  revoke->callback([&context, options] {
    context.client().remove("/tokens/" + escaped(options->id));
    context.show(nullptr, "revoked");
  });
}

}  // namespace loa::tool
