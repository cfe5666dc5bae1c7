#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "config/toml_reader.hpp"
#include "controller/app.hpp"
#include "controller/init.hpp"
#include "controller/migrate.hpp"
#include "controller/settings.hpp"

using namespace loa::controller;

namespace {

enum ExitCode { kStopped = 0, kFailed = 1, kUsage = 2, kBadConfig = 78 };  // 78: EX_CONFIG, so that systemd does not restart

std::string first_line(const std::string& file) {
  std::ifstream opened;
  std::istream& in = file == "-" ? std::cin : (opened.open(file), opened);
  std::string line;
  if (!std::getline(in, line)) throw std::runtime_error(fmt::format("cannot read a password from {}", file));
  return line;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"loa-controller: plans, signs and sends what commune loudspeakers play, and keeps what they played."};
  app.set_version_flag("--version", "loa-controller " LOA_VERSION);
  app.require_subcommand(1);
  app.footer("Exit codes: 0 stopped when asked, 1 failed, 2 wrong command line, 75 events kept failing, 78 wrong settings.");
  std::string config = "/etc/loa/controller.toml";
  std::string password_file;
  FirstUse first;
  auto* serve = app.add_subcommand("serve", "Run until SIGTERM or SIGINT");
  auto* init = app.add_subcommand("init", "Make a new controller: authority, database, topmost area, administrator");
  std::string target;
  auto* migrate = app.add_subcommand("migrate", "Move the database to PostgreSQL, while no controller runs; the SQLite file stays as it is");
  for (auto* command : {serve, init, migrate}) command->add_option("--config", config, "Settings file")->capture_default_str();
  init->add_option("--area", first.area, "Id of the topmost area, like hue")->required();
  init->add_option("--area-name", first.area_name, "Its name")->required();
  init->add_option("--admin", first.login, "User name of the administrator")->required();
  init->add_option("--password-file", password_file, "File whose first line is the password; - for standard input")->required();

  migrate->add_option("--to", target, "URL of an empty database, postgresql://USER@HOST/NAME; its password from a file: PGPASSFILE or ?passfile=FILE")
      ->required();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kStopped : kUsage;
  }
  try {
    const auto settings = read_settings(config);
    spdlog::set_level(spdlog::level::from_str(settings.log_level));
    if (*init) {
      first.password = first_line(password_file);
      init_controller(settings, first);
      fmt::print("made {}; next: loa keys init --root FILE --controller {} --branch {}\n", settings.state.string(), settings.state.string(),
                 first.area);
      return kStopped;
    }
    if (*migrate) {
      migrate_store(settings, target);
      return kStopped;
    }
    return run_app(settings);
  } catch (const loa::config::ConfigError& error) {
    fmt::print(stderr, "loa-controller: {}\n", error.what());
    return kBadConfig;
  } catch (const std::exception& error) {
    fmt::print(stderr, "loa-controller: {}\n", error.what());
    return kFailed;
  }
}
