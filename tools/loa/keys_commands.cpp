#include <fmt/format.h>

#include "controller/authority/key_files.hpp"
#include "protocol/clock.hpp"
#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

struct KeysOptions {
  std::string root, controller, branch;
  std::vector<std::string> revoke;
};

template <class Make>
void offline(const Context& context, const KeysOptions& options, const Make& make) {
  try {
    const authority::ControllerKeys keys = make(protocol::SystemClock().now());
    context.show({{"number", keys.key_set.number}, {"keys", keys.key_set.keys.size()}, {"root_file", options.root}},
                 fmt::format("key set {} with {} keys; keep {} away from the controller, and a copy of it somewhere safe",
                             keys.key_set.number, keys.key_set.keys.size(), options.root));
  } catch (const authority::KeyFileError& error) {
    throw CommandError(kRefused, error.what());
  }
}

}  // namespace

void add_keys_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<KeysOptions>();
  auto* keys = app.add_subcommand("keys", "Signing keys: init and renew (offline), status");
  keys->require_subcommand(1);

  auto* init = keys->add_subcommand("init", "Make the root key in a file of its own, and the controller's first working key and key set");
  init->add_option("--root", options->root, "File for the root key; not in the controller's folder")->required();
  init->add_option("--controller", options->controller, "The controller's state folder")->required();
  init->add_option("--branch", options->branch, "Area id that the working key counts for, with all below")->required();
  init->callback([&context, options] {
    offline(context, *options, [&](auto now) { return authority::init_keys(options->root, options->controller, options->branch, now); });
  });

  auto* renew = keys->add_subcommand("renew", "Make another working key and the next key set; the controller takes it when it starts again");
  renew->add_option("--root", options->root, "File of the root key")->required();
  renew->add_option("--controller", options->controller, "The controller's state folder")->required();
  renew->add_option("--branch", options->branch, "Area id that the working key counts for, with all below")->required();
  renew->add_option("--revoke", options->revoke, "Id of a working key that counts no longer; may be repeated");
  renew->callback([&context, options] {
    offline(context, *options, [&](auto now) {
      return authority::renew_keys(options->root, options->controller, options->branch, options->revoke, now);
    });
  });

  keys->add_subcommand("status", "The key set that the controller publishes")->callback([&context] {
    const auto status = context.client().get("/keys");
    if (context.json) return print_json(status);
    fmt::print("key set {}\n", text_of(status, "number"));
    print_table(status.at("keys").as_array(), {{"KEY", "kid"}, {"BRANCH", "branch"}, {"FROM", "not_before"}, {"UNTIL", "not_after"}, {"REVOKED", "revoked"}, {"MAY SIGN", "may_sign"}});
  });
}

}  // namespace loa::tool
