// Files that a person wrote: settings of controller and node, a database's address, the command line's session.
#include <algorithm>

#include "config/toml_reader.hpp"
#include "controller/settings.hpp"
#include "controller/store/database_url.hpp"
#include "node-firmware/settings.hpp"
#include "tests/fuzz/target.hpp"
#include "tools/loa/session_file.hpp"

namespace loa::fuzz {
namespace {

void check(const config::ConfigError& error, const std::string& file) {
  const std::string_view said = error.what();
  demand(said.starts_with(file) && said.size() > file.size() + 2, "a refusal names the file and says what is wrong");
}

void controller_settings(std::string_view bytes) {
  const auto file = as_file(bytes);
  try {
    const auto settings = controller::read_settings(file);
    demand(!settings.brokers.empty() && settings.brokers.size() <= 3, "one to three brokers are named");
    demand(!settings.database_url().empty(), "there is a database");
  } catch (const config::ConfigError& error) {
    check(error, file);
  }
}
std::vector<std::string> controller_seeds() { return {file_of_checkout("config/controller.toml")}; }

void node_settings(std::string_view bytes) {
  try {
    const auto settings = node::read_settings(std::string(bytes), "node.toml");
    demand(settings.cache.budget > 0, "the cache has a bound");
    demand(settings.times.state_period.count() > 0 && settings.times.stop_limit.count() > 0, "every wait has a limit");
  } catch (const config::ConfigError& error) {
    check(error, "node.toml");
  }
}
std::vector<std::string> node_seeds() { return {file_of_checkout("config/node.toml")}; }

void database_url(std::string_view bytes) {
  constexpr std::string_view kSecret = "geheim-7QX";
  try {
    const auto url = store::parse_database_url(std::string(bytes));
    demand(!url.target.empty() && !url.shown.empty(), "a database has a place and a name to show");
    if (url.kind == store::DatabaseUrl::Kind::postgresql)
      demand(url.target.find("password=") == std::string::npos, "no password is taken");
  } catch (const std::runtime_error& error) {
    const std::string_view said = error.what();
    demand(!said.empty(), "a refusal says what is wrong");
    // The user is a word, so that what follows its colon is the password.
    const auto colon = std::min(bytes.find(':', std::min<std::size_t>(bytes.size(), 13)), bytes.size());
    const auto user = bytes.substr(std::min<std::size_t>(bytes.size(), 13), colon - std::min<std::size_t>(colon, 13));
    const bool word = std::all_of(user.begin(), user.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (bytes.starts_with("postgresql://") && word && bytes.substr(colon).starts_with(std::string(":").append(kSecret).append("@")))
      demand(said.find(kSecret) == std::string_view::npos, "a password is not repeated");
  }
}
std::vector<std::string> database_seeds() {
  return {"sqlite:///var/lib/loa/loa.db", "loa.db", "postgresql://loa@db.example:5432/loa?passfile=/etc/loa/pgpass", "postgresql://localhost/loa?sslmode=disable&connect_timeout=5",
          "postgresql://loa:geheim-7QX@db/loa", "postgresql:///loa?host=/run/postgresql"};
}

void session_file(std::string_view bytes) {
  try {
    tool::load_session(as_file(bytes));
  } catch (const tool::CommandError& error) {
    demand(std::string_view(error.what()).size() > 10, "a refusal says what is wrong");
  }
}
std::vector<std::string> session_seeds() { return {R"({"server":"https://localhost:8443","ca_file":"/etc/loa/ca.pem","cookie":"loa_session=abc"})", "{}", "[]"}; }

const Registration kController{{"controller_settings", controller_settings, controller_seeds, 4096}};
const Registration kNode{{"node_settings", node_settings, node_seeds, 2048}};
const Registration kDatabase{{"database_url", database_url, database_seeds, 512}};
const Registration kSession{{"session_file", session_file, session_seeds, 1024}};

}  // namespace
}  // namespace loa::fuzz
