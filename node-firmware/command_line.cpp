#include "node-firmware/command_line.hpp"

#include <CLI/CLI.hpp>

namespace loa::node {

std::variant<CommandLine, EarlyEnd> read_command_line(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app("Loa's node: takes signed plans, plays them on time, and reports what was heard.", "loa-node");
  app.set_version_flag("--version", std::string("loa-node ") + LOA_VERSION);
  app.add_option("--bundle", line.bundle, "join with this bundle file; it is copied into the state folder, later starts need none")
      ->type_name("FILE");
  app.add_option("--state", line.state, "folder for all that the node keeps (default: state_folder of the settings)")
      ->type_name("DIR");
  app.add_option("--config", line.config, "settings, as in the shipped node.toml")->type_name("FILE");
  app.add_flag("--amplifier-off", line.amplifier_off, "switch the amplifier's relay off and end; for the service manager, after the node ended");
  auto* join = app.add_subcommand("join", "take the bundle that `loa node add` wrote into the state folder, and end");
  join->fallthrough();
  join->add_option("FILE", line.bundle, "the bundle")->required();
  join->footer("Run it as root (it becomes the account that the state folder belongs to) or as that account; the node must not be running.");
  auto* check = app.add_subcommand("check", "look at everything that must be right at the pole, one line each, and end: exit code 0 where all is well");
  check->fallthrough();
  check->add_flag("--silent", line.silent, "do not sound the chime");
  check->footer("Nine lines: bundle, name lookup, broker, HTTPS, clock, signal, sound device, amplifier, plan. Each says `ok`, or `FIX` and what to do.\n"
                "Nothing of the node is changed, and one that runs keeps its session. Run it as root (it becomes the node's account) or as that account.");
  app.footer("Once:         loa-node join node.bundle --config /etc/loa/node.toml\n"
             "Then:         loa-node --config /etc/loa/node.toml\n"
             "At the pole:  loa-node check --config /etc/loa/node.toml");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    std::ostringstream out;
    app.exit(wish, out, out);
    return EarlyEnd{out.str(), kExitOk};
  } catch (const CLI::ParseError& mistake) {
    return EarlyEnd{std::string("loa-node: ") + mistake.what() + "\nRun loa-node --help for the options.\n", kExitUsage};
  }
  line.join = join->parsed();
  line.check = check->parsed();
  return line;
}

}  // namespace loa::node
