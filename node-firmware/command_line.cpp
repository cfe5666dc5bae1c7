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
  app.footer("First start:  loa-node --bundle node.bundle --state /var/lib/loa-node\n"
             "Later:        loa-node --config /etc/loa/node.toml");
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& wish) {
    std::ostringstream out;
    app.exit(wish, out, out);
    return EarlyEnd{out.str(), kExitOk};
  } catch (const CLI::ParseError& mistake) {
    return EarlyEnd{std::string("loa-node: ") + mistake.what() + "\nRun loa-node --help for the options.\n", kExitUsage};
  }
  return line;
}

}  // namespace loa::node
