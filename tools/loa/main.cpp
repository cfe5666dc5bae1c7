#include <curl/curl.h>
#include <fmt/format.h>

#include <cstdio>
#include <exception>

#include "tools/loa/command.hpp"
#include "tools/loa/session_file.hpp"

using namespace loa::tool;

namespace {

constexpr const char* kExitCodes =
    "Exit codes: 0 done, 1 refused, 2 wrong command line, 3 not signed in or not allowed, 4 not found, 5 no answer, "
    "6 what was waited for did not come in time.";

}  // namespace

int main(int argc, char** argv) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
  Context context;
  context.session_file = session_path().string();

  CLI::App app{"loa: schedules broadcasts on commune loudspeakers and reads what they played."};
  app.footer(kExitCodes);
  app.set_version_flag("--version", "loa " LOA_VERSION);
  app.add_flag("--json", context.json, "Print JSON instead of tables and sentences");
  app.add_option("--session", context.session_file, "File that keeps the session (also $LOA_SESSION)")->capture_default_str();
  app.require_subcommand(1);
  app.fallthrough();
  add_session_commands(app, context);
  add_second_factor_commands(app, context);
  add_area_commands(app, context);
  add_user_commands(app, context);
  add_node_commands(app, context);
  add_programme_commands(app, context);
  add_stream_commands(app, context);
  add_schedule_commands(app, context);
  add_log_commands(app, context);
  add_alert_commands(app, context);
  add_alarm_commands(app, context);
  add_audit_commands(app, context);
  add_token_commands(app, context);
  add_hold_commands(app, context);
  add_keys_commands(app, context);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 asks for a command before it looks at a word that is none.
    const auto unknown = app.remaining(true);
    if (dynamic_cast<const CLI::RequiredError*>(&error) && !unknown.empty())
      fmt::print(stderr, "There is no command `{}` here.\n", unknown.front());
    const auto code = app.exit(error);
    return code == 0 ? kDone : kUsage;
  } catch (const CommandError& error) {
    fmt::print(stderr, "loa: {}\n", error.what());
    return error.code();
  } catch (const std::exception& error) {
    fmt::print(stderr, "loa: {}\n", error.what());
    return kRefused;
  }
  return kDone;
}
