#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct UserOptions {
  std::string name, display_name, password_file;
  std::vector<std::string> grants;
};

/// "role@area" as the API's grant.
json::object grant_of(const std::string& text) {
  const auto at = text.find('@');
  if (at == std::string::npos) throw CommandError(kUsage, fmt::format("`{}` is not ROLE@AREA, like author@hue-19753", text));
  return {{"role", text.substr(0, at)}, {"area", text.substr(at + 1)}};
}

}  // namespace

void add_user_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<UserOptions>();
  auto* user = app.add_subcommand("user", "Users: list, add");
  user->require_subcommand(1);

  user->add_subcommand("list", "Users of the areas that you administer")->callback([&context] {
    const auto users = context.client().all("/users", {}, 10'000);
    context.show(users, {{"NAME", "name"}, {"DISPLAY NAME", "display_name"}, {"DISABLED", "disabled"}, {"ID", "id"}});
  });

  auto* add = user->add_subcommand("add", "Add a user");
  add->add_option("NAME", options->name, "User name, lower case")->required();
  add->add_option("--display-name", options->display_name, "Name on screen")->required();
  add->add_option("--grant", options->grants, "ROLE@AREA, role author, approver, monitor or admin; may be repeated")->required();
  add->add_option("--password-file", options->password_file, "File whose first line is the password; - for standard input")->required();
  add->callback([&context, options] {
    json::array grants;
    for (const auto& text : options->grants) grants.push_back(grant_of(text));
    const auto made = context.client().post("/users", {{"name", options->name},
                                                       {"display_name", options->display_name},
                                                       {"password", read_secret(options->password_file)},
                                                       {"grants", grants}});
    context.show(made, fmt::format("added {}", text_of(made, "name")));
  });
}

}  // namespace loa::tool
