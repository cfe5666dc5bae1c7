#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <CLI/CLI.hpp>
#include <fstream>
#include <iostream>

#include "config/toml_reader.hpp"
#include "controller/app.hpp"
#include "controller/backup_commands.hpp"
#include "controller/init.hpp"
#include "controller/migrate.hpp"
#include "controller/reset_officer.hpp"
#include "controller/settings.hpp"
#include "controller/store_guard.hpp"

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
  app.footer("Exit codes: 0 stopped when asked, 1 failed, 2 wrong command line, 3 a backup without clips that the disk no longer gave, 74 the database is damaged, 75 events kept failing, 78 wrong settings.");
  std::string config = "/etc/loa/controller.toml";
  std::string password_file;
  FirstUse first;
  auto* serve = app.add_subcommand("serve", "Run until SIGTERM or SIGINT");
  auto* init = app.add_subcommand("init", "Make a new controller: authority, database, topmost area, administrator");
  std::string backup_to, restore_from, restore_state, hold_reason = "put on hold by hand";
  int keep = 0;
  auto* backup = app.add_subcommand("backup", "Back everything up, while the controller may run: database, clips, authority, keys");
  auto* restore = app.add_subcommand("restore", "Bring a backup back into an empty state folder; the controller is then on hold");
  auto* hold = app.add_subcommand("hold", "Put a controller that does not run on hold, after its database was brought back by other means");
  auto* resume = app.add_subcommand("resume", "End the hold of a controller that does not run; of one that runs: loa hold end");
  std::string target;
  auto* migrate = app.add_subcommand("migrate", "Move the database to PostgreSQL, while no controller runs; the SQLite file stays as it is");
  Rescue rescue;
  auto* reset = app.add_subcommand("reset-officer", "While no controller runs: a one-time link for a person whom no admin can help any more");
  for (auto* command : {serve, init, migrate, backup, hold, resume, reset}) command->add_option("--config", config, "Settings file")->capture_default_str();
  init->add_option("--area", first.area, "Id of the topmost area, like hue")->required();
  init->add_option("--area-name", first.area_name, "Its name")->required();
  init->add_option("--admin", first.login, "User name of the administrator")->required();
  init->add_option("--password-file", password_file, "File whose first line is the password; - for standard input")->required();

  migrate->add_option("--to", target, "URL of an empty database, postgresql://USER@HOST/NAME; its password from a file: PGPASSFILE or ?passfile=FILE")
      ->required();

  backup->add_option("to", backup_to, "A new folder, or - for a tar stream on standard output; with --keep the folder for dated backups")->required();
  backup->add_option("--keep", keep, "Make a dated backup in the folder and keep so many of them, the newest")->check(CLI::Range(1, 10000));
  restore->add_option("from", restore_from, "A backup: its folder, a tar file, or - for a tar stream on standard input")->required();
  restore->add_option("--state", restore_state, "The state folder to make, missing or empty")->required();
  hold->add_option("--reason", hold_reason, "One sentence that the page shows")->capture_default_str();
  reset->add_option("NAME", rescue.login, "User name")->required();
  reset->add_flag("--second-factor", rescue.second_factor, "Take the second factor away too, for a lost phone");
  reset->add_option("--admin-of", rescue.admin_of, "Make the person an admin of this area, like the topmost one");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kStopped : kUsage;
  }
  if (*backup && keep > 0 && backup_to == "-") {
    fmt::print(stderr, "loa-controller: --keep is for a folder of backups, not for a stream\n");
    return kUsage;
  }
  try {
    if (*restore) {
      restore_controller(restore_from, restore_state);
      return kStopped;
    }
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
    if (*backup) return backup_controller(settings, backup_to, keep > 0 ? std::optional(keep) : std::nullopt);
    if (*hold) {
      hold_controller(settings, hold_reason);
      return kStopped;
    }
    if (*resume) {
      resume_controller(settings);
      return kStopped;
    }
    if (*reset) {
      fmt::print("hand this link over to {}; it counts once, within a day (three for a first password):\n{}\n", rescue.login,
                 reset_officer(settings, rescue));
      return kStopped;
    }
    return run_app(settings);
  } catch (const loa::config::ConfigError& error) {
    fmt::print(stderr, "loa-controller: {}\n", error.what());
    return kBadConfig;
  } catch (const StoreDamaged& error) {
    fmt::print(stderr, "loa-controller: {}\n", error.what());
    return kExitStoreDamaged;
  } catch (const std::exception& error) {
    fmt::print(stderr, "loa-controller: {}\n", error.what());
    return kFailed;
  }
}
