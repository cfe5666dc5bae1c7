#include <fmt/format.h>
#include <unistd.h>

#include "tools/loa/command.hpp"
#include "tools/loa/session_file.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct Login {
  std::string server, ca, user, password_file, code;
};

json::value sign_in(Client& client, const Login& login, const std::string& password, std::string code) {
  json::object body{{"name", login.user}, {"password", password}};
  if (!code.empty()) body["code"] = code;
  try {
    return client.post("/session", body);
  } catch (const CommandError& error) {
    if (error.problem() != "second_factor_needed" || !code.empty()) throw;
  }
  body["code"] = ask_secret("Code of the second factor: ", "this user has a second factor: give --code CODE");
  return client.post("/session", body);
}

void login(const Context& context, const Login& login) {
  const auto password = login.password_file.empty() ? ask_secret("Password: ", "no password: give --password-file FILE, or - for standard input")
                                                    : read_secret(login.password_file);
  const auto ca = login.ca.empty() ? "" : std::filesystem::absolute(login.ca).string();
  Client client({login.server, ca, ""});
  const auto session = sign_in(client, login, password, login.code);
  save_session(context.session_file, client.session());
  context.show(session, fmt::format("signed in as {}", text_of(session, "user.display_name")));
}

struct SessionOptions {
  std::string id, user;
  bool others = false;
};

/// Where sessions of `user` are, or one's own where it is empty.
std::string sessions_path(Client& client, const std::string& user) {
  return user.empty() ? "/sessions" : "/users/" + escaped(user_id(client, user)) + "/sessions";
}

void end_sessions(const Context& context, const SessionOptions& options) {
  if (options.id.empty() != options.others) throw CommandError(kUsage, "give the ID of one session, or --all");
  auto client = context.client();
  client.remove(sessions_path(client, options.user) + (options.others ? "" : "/" + escaped(options.id)));
  context.show(nullptr, "ended");
}

void add_list_and_end(CLI::App& app, Context& context) {
  auto options = std::make_shared<SessionOptions>();
  auto* session = app.add_subcommand("session", "Where you, or people of your areas, are signed in: list, end");
  session->require_subcommand(1);
  auto* list = session->add_subcommand("list", "Sessions that count, the newest first");
  list->add_option("--user", options->user, "User name (default: your own)");
  list->callback([&context, options] {
    auto client = context.client();
    const auto found = client.get(sessions_path(client, options->user));
    context.show(found.at("items").as_array(), {{"ID", "id"}, {"SINCE", "created_at"}, {"LAST USED", "last_used_at"}, {"ADDRESS", "address"},
                                                {"THIS ONE", "current"}, {"PROGRAM", "agent"}});
  });
  auto* end = session->add_subcommand("end", "End a session, or all but this one");
  end->add_option("ID", options->id, "Session id");
  end->add_option("--user", options->user, "User name (default: your own)");
  end->add_flag("--all", options->others, "All of them, but never this one");
  end->callback([&context, options] { end_sessions(context, *options); });
}

}  // namespace

std::string ask_secret(const char* prompt, const char* otherwise) {
  if (::isatty(STDIN_FILENO) != 1) throw CommandError(kUsage, otherwise);
  const char* typed = ::getpass(prompt);
  return typed ? typed : "";
}

void add_session_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<Login>();
  auto* in = app.add_subcommand("login", "Sign in to a controller and keep the session");
  in->add_option("--server", options->server, "Address, like https://loa.example:8443")->required();
  in->add_option("--ca", options->ca, "PEM file that the controller's certificate chains to")->check(CLI::ExistingFile);
  in->add_option("--user", options->user, "User name")->required();
  in->add_option("--password-file", options->password_file, "File whose first line is the password; - for standard input");
  in->add_option("--code", options->code, "Code of the second factor, or a recovery code (default: asked for where it is needed)");
  in->callback([&context, options] { login(context, *options); });

  auto* out = app.add_subcommand("logout", "Sign out and forget the session");
  out->callback([&context] {
    auto client = context.client();
    client.remove("/session");
    std::filesystem::remove(context.session_file);
    context.show(nullptr, "signed out");
  });

  add_list_and_end(app, context);

  auto* who = app.add_subcommand("whoami", "Who is signed in, with which rights");
  who->callback([&context] {
    const auto session = context.client().get("/session");
    std::string rights;
    for (const auto& grant : session.at("grants").as_array())
      rights += fmt::format(" {}@{}", text_of(grant, "role"), text_of(grant, "area"));
    context.show(session, fmt::format("{} ({}):{}", text_of(session, "user.name"), text_of(session, "user.display_name"), rights));
  });
}

}  // namespace loa::tool
