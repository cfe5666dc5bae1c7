#pragma once
#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "tools/loa/client.hpp"
#include "tools/loa/output.hpp"

namespace loa::tool {

/// What every command shares: the options that stand before it, and the client made from the kept session.
struct Context {
  bool json = false;
  std::string session_file;

  Client client() const;
  /// Prints a list as JSON (the items) or as a table.
  void show(const boost::json::array& items, const std::vector<Column>& columns) const;
  /// Prints one object as JSON, or the sentence.
  void show(const boost::json::value& object, const std::string& sentence) const;
};

void add_session_commands(CLI::App& app, Context& context);
void add_second_factor_commands(CLI::App& app, Context& context);
void add_area_commands(CLI::App& app, Context& context);
void add_user_commands(CLI::App& app, Context& context);
void add_node_commands(CLI::App& app, Context& context);
/// `node revoke`, `node replace` and `node import`, below `node`.
void add_board_commands(CLI::App& node, Context& context);
void add_programme_commands(CLI::App& app, Context& context);
void add_stream_commands(CLI::App& app, Context& context);
void add_schedule_commands(CLI::App& app, Context& context);
void add_log_commands(CLI::App& app, Context& context);
void add_alert_commands(CLI::App& app, Context& context);
void add_alarm_commands(CLI::App& app, Context& context);
void add_audit_commands(CLI::App& app, Context& context);
void add_token_commands(CLI::App& app, Context& context);
void add_hold_commands(CLI::App& app, Context& context);
void add_keys_commands(CLI::App& app, Context& context);

/// The id of the user of this name among those that the signed-in admin sees; throws CommandError kNotFound.
std::string user_id(Client& client, const std::string& name);

/// `SERVER/#/invitation/TOKEN`: what the person opens to set a password.
std::string link_of(const Client& client, const boost::json::value& invitation);

/// A line typed without being shown; throws CommandError kUsage with `otherwise` where nobody is there to type.
std::string ask_secret(const char* prompt, const char* otherwise);

/// The first line of a file, or of standard input for "-"; how passwords come in without standing on the command line.
std::string read_secret(const std::string& file);

/// The whole text of a file, or of standard input for "-"; at most 1 MiB.
std::string read_text(const std::string& file);

/// Asks `done` every 300 ms until it answers true; throws CommandError kTimeLimit after `seconds`.
void wait_until(int seconds, const std::string& what, const std::function<bool()>& done);

}  // namespace loa::tool
