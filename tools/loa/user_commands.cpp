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

json::array grants_of(const std::vector<std::string>& texts) {
  json::array grants;
  for (const auto& text : texts) grants.push_back(grant_of(text));
  return grants;
}

std::string hand_over(const Client& client, const std::string& name, const json::value& invitation) {
  return fmt::format("hand this link over to {}; it counts once, until {}:\n{}", name, text_of(invitation, "expires_at"), link_of(client, invitation));
}

void add_user(const Context& context, const UserOptions& options) {
  json::object body{{"name", options.name}, {"display_name", options.display_name}, {"grants", grants_of(options.grants)}};
  if (!options.password_file.empty()) body["password"] = read_secret(options.password_file);
  auto client = context.client();
  const auto made = client.post("/users", body);
  auto sentence = fmt::format("added {}", text_of(made, "name"));
  if (const auto* invitation = made.as_object().if_contains("invitation")) sentence += "; " + hand_over(client, options.name, *invitation);
  context.show(made, sentence);
}

/// Commands that change the user NAME.
void add_changes(CLI::App& user, Context& context, const std::shared_ptr<UserOptions>& options) {
  const auto command = [&](const char* name, const char* what, std::function<void(Client&, const std::string& path)> act) {
    auto* made = user.add_subcommand(name, what);
    made->add_option("NAME", options->name, "User name")->required();
    made->callback([&context, options, act] {
      auto client = context.client();
      act(client, "/users/" + user_id(client, options->name));
    });
    return made;
  };
  command("reset", "A new one-time link to set a password; the old password counts until it is used", [&context, options](Client& client, const auto& path) {
    const auto made = client.post(path + "/invitation");
    context.show(made, hand_over(client, options->name, made));
  });
  command("withdraw", "Make the user's one-time link worthless", [&context](Client& client, const auto& path) {
    client.remove(path + "/invitation");
    context.show(nullptr, "withdrawn");
  });
  command("deactivate", "End the user's sessions and let nobody sign in as this user", [&context](Client& client, const auto& path) {
    context.show(client.patch(path, {{"disabled", true}}), "deactivated");
  });
  command("activate", "Let a deactivated user sign in again", [&context](Client& client, const auto& path) {
    context.show(client.patch(path, {{"disabled", false}}), "activated");
  });
  command("remove-second-factor", "For a lost phone: take the user's second factor away", [&context](Client& client, const auto& path) {
    client.remove(path + "/second-factor");
    context.show(nullptr, "removed; the user sets another one up at the next sign-in, where the roles need it");
  });
  auto* grants = command("set-grants", "Give the user these roles in your areas, and no others there", [&context, options](Client& client, const auto& path) {
    context.show(client.patch(path, {{"grants", grants_of(options->grants)}}), "set");
  });
  grants->add_option("--grant", options->grants, "ROLE@AREA; may be repeated; none takes every role in your areas away");
}

}  // namespace

std::string link_of(const Client& client, const json::value& invitation) {
  return client.session().server + "/#/invitation/" + text_of(invitation, "token");
}

std::string user_id(Client& client, const std::string& name) {
  const auto users = client.all("/users", {}, 10'000);
  for (const auto& user : users)
    if (text_of(user, "name") == name) return text_of(user, "id");
  throw CommandError(kNotFound, fmt::format("there is no user `{}` in the areas that you administer", name));
}

void add_user_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<UserOptions>();
  auto* user = app.add_subcommand("user", "Users: list, add, reset, deactivate, activate, set-grants, remove-second-factor");
  user->require_subcommand(1);

  user->add_subcommand("list", "Users of the areas that you administer")->callback([&context] {
    const auto users = context.client().all("/users", {}, 10'000);
    context.show(users, {{"NAME", "name"}, {"DISPLAY NAME", "display_name"}, {"DISABLED", "disabled"}, {"PASSWORD", "password_set"}, {"SECOND FACTOR", "second_factor"}, {"LINK UNTIL", "invited_until"}, {"ID", "id"}});
  });

  auto* add = user->add_subcommand("add", "Add a user: prints the one-time link to hand over");
  add->add_option("NAME", options->name, "User name, lower case")->required();
  add->add_option("--display-name", options->display_name, "Name on screen")->required();
  add->add_option("--grant", options->grants, "ROLE@AREA, role author, approver, monitor or admin; may be repeated")->required();
  add->add_option("--password-file", options->password_file,
                  "File whose first line is the password, - for standard input; only where the controller lets admins set passwords");
  add->callback([&context, options] { add_user(context, *options); });
  add_changes(*user, context, options);
}

}  // namespace loa::tool
