#include <fmt/format.h>

#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct ProofOptions {
  std::string code, password_file;
};

void show_codes(const Context& context, const json::value& answer) {
  std::string sentence = "recovery codes, each counts once; keep them where the phone is not:";
  for (const auto& code : answer.at("recovery_codes").as_array()) sentence += "\n  " + std::string(code.as_string());
  context.show(answer, sentence);
}

void show_status(const Context& context) {
  const auto found = context.client().get("/second-factor");
  const bool enabled = found.at("enabled").as_bool();
  context.show(found, enabled ? fmt::format("on since {}, {} recovery codes left", text_of(found, "since"), text_of(found, "recovery_codes_left"))
                              : std::string(found.at("required").as_bool() ? "off, and your roles need it: loa second-factor setup" : "off"));
}

void prove(const Context& context, const ProofOptions& options) {
  auto client = context.client();
  const bool by_code = client.get("/second-factor").at("enabled").as_bool();
  json::object body;
  if (by_code)
    body["code"] = options.code.empty() ? ask_secret("Code of the second factor: ", "no code: give --code CODE") : options.code;
  else
    body["password"] = options.password_file.empty() ? ask_secret("Password: ", "no password: give --password-file FILE, or - for standard input")
                                                     : read_secret(options.password_file);
  client.post("/session/proof", body);
  context.show(nullptr, "proven, for 15 minutes");
}

}  // namespace

void add_second_factor_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<ProofOptions>();
  auto* again = app.add_subcommand("prove", "Give password or code again, for commands that answer `verify_again`");
  again->add_option("--code", options->code, "Code of the second factor, or a recovery code");
  again->add_option("--password-file", options->password_file, "Without a second factor: file whose first line is the password; - for standard input");
  again->callback([&context, options] { prove(context, *options); });

  auto* factor = app.add_subcommand("second-factor", "Your second factor: status, setup, confirm, recovery-codes, remove");
  factor->require_subcommand(1);
  factor->add_subcommand("status", "Whether you have one, and need one")->callback([&context] { show_status(context); });
  factor->add_subcommand("setup", "Begin with a new one: prints the secret for an authenticator app")->callback([&context] {
    const auto made = context.client().post("/second-factor");
    context.show(made, fmt::format("type this into the authenticator app: {}\nor make a QR code of: {}\nthen: loa second-factor confirm CODE",
                                   text_of(made, "secret"), text_of(made, "uri")));
  });
  auto* confirm = factor->add_subcommand("confirm", "Confirm it by the app's first code: prints recovery codes");
  confirm->add_option("CODE", options->code, "Six digits")->required();
  confirm->callback([&context, options] { show_codes(context, context.client().post("/second-factor/confirm", {{"code", options->code}})); });
  factor->add_subcommand("recovery-codes", "Ten new recovery codes in place of the old ones")->callback([&context] {
    show_codes(context, context.client().post("/second-factor/recovery-codes"));
  });
  factor->add_subcommand("remove", "Do without, where your roles need none")->callback([&context] {
    context.client().remove("/second-factor");
    context.show(nullptr, "removed");
  });
}

}  // namespace loa::tool
