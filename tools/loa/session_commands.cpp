#include <fmt/format.h>
#include <unistd.h>

#include "tools/loa/command.hpp"
#include "tools/loa/session_file.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct Login {
  std::string server, ca, user, password_file;
};

std::string ask_password() {
  if (::isatty(STDIN_FILENO) != 1) throw CommandError(kUsage, "no password: give --password-file FILE, or - for standard input");
  const char* typed = ::getpass("Password: ");
  return typed ? typed : "";
}

void login(const Context& context, const Login& login) {
  const auto password = login.password_file.empty() ? ask_password() : read_secret(login.password_file);
  const auto ca = login.ca.empty() ? "" : std::filesystem::absolute(login.ca).string();
  Client client({login.server, ca, ""});
  const auto session = client.post("/session", {{"name", login.user}, {"password", password}});
  save_session(context.session_file, client.session());
  context.show(session, fmt::format("signed in as {}", text_of(session, "user.display_name")));
}

}  // namespace

void add_session_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<Login>();
  auto* in = app.add_subcommand("login", "Sign in to a controller and keep the session");
  in->add_option("--server", options->server, "Address, like https://loa.example:8443")->required();
  in->add_option("--ca", options->ca, "PEM file that the controller's certificate chains to")->check(CLI::ExistingFile);
  in->add_option("--user", options->user, "User name")->required();
  in->add_option("--password-file", options->password_file, "File whose first line is the password; - for standard input");
  in->callback([&context, options] { login(context, *options); });

  auto* out = app.add_subcommand("logout", "Sign out and forget the session");
  out->callback([&context] {
    auto client = context.client();
    client.remove("/session");
    std::filesystem::remove(context.session_file);
    context.show(nullptr, "signed out");
  });

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
