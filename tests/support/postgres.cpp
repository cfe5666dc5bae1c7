#include "tests/support/postgres.hpp"

#include <pwd.h>
#include <signal.h>
#include <soci/postgresql/soci-postgresql.h>
#include <soci/soci.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <stdexcept>
#include <thread>

#include "controller/store/database_url.hpp"
#include "controller/store/session.hpp"

namespace loa::tests {

namespace {

using namespace std::chrono_literals;

constexpr const char* kPrograms = "/usr/lib/postgresql/15/bin/";
constexpr auto kStart = 30s;
constexpr auto kLook = 20ms;

// SOCI splits its connection text, and knows no URL.
std::string as_administrator(const std::string& url) { return store::parse_database_url(url + "?application_name=administrator").target; }

}  // namespace

PostgresServer::PostgresServer(Options options) : options_(options) {
  if (::getuid() == 0) {
    const auto* account = ::getpwnam("postgres");
    if (!account) throw std::runtime_error("PostgreSQL does not run as root, and there is no account `postgres`");
    if (::chown(folder_.path().c_str(), account->pw_uid, account->pw_gid) != 0)
      throw std::runtime_error("cannot give the server its folder");
  }
  Process init(as_server({std::string(kPrograms) + "initdb", "-D", (folder_ / "data").string(), "-U", "postgres", "-A", "trust", "-E",
                          "UTF8", "--locale=C", "--no-sync", "--no-instructions"}),
               {folder_.path(), "initdb", {}, folder_.path()});
  if (init.wait(60s) != 0) throw std::runtime_error("initdb: " + init.out() + init.err());
  if (options_.password)
    std::ofstream(folder_ / "data/pg_hba.conf") << "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n";
  start();
  run("create role loa login");
}

PostgresServer::~PostgresServer() { stop(); }

std::vector<std::string> PostgresServer::as_server(std::vector<std::string> argv) const {
  std::vector<std::string> all{"setpriv", "--pdeathsig", "QUIT"};
  if (::getuid() == 0) all.insert(all.end(), {"--reuid", "postgres", "--regid", "postgres", "--clear-groups"});
  all.insert(all.end(), argv.begin(), argv.end());
  return all;
}

void PostgresServer::launch() {
  server_ = std::make_unique<Process>(
      as_server({std::string(kPrograms) + "postgres", "-D", (folder_ / "data").string(), "-p", std::to_string(port_), "-c",
                 "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=" + folder_.path().string(), "-c",
                 "dynamic_shared_memory_type=mmap", "-c", "shared_buffers=32MB", "-c", "max_connections=30", "-c", "recovery_init_sync_method=syncfs", "-c",
                 std::string("fsync=") + (options_.fsync ? "on" : "off")}),
      Process::Options{folder_.path(), "server", {}, folder_.path()});
}

void PostgresServer::start() {
  if (port_ == 0) port_ = free_port();
  launch();
  const auto until = std::chrono::steady_clock::now() + kStart;
  while (!answers()) {
    if (std::chrono::steady_clock::now() > until) throw std::runtime_error("PostgreSQL does not start: " + log());
    std::this_thread::sleep_for(kLook);
    if (!server_->running()) launch();  // the children of a killed one were still there
  }
}

bool PostgresServer::answers() {
  try {
    return ask("select 1") == "1";
  } catch (const std::exception&) {
    return false;
  }
}

void PostgresServer::kill() { server_->kill(); }

void PostgresServer::stop() {
  if (!server_) return;
  server_->signal(SIGQUIT);
  server_->wait(10s);
  server_.reset();
}

std::string PostgresServer::url(const std::string& database, const std::string& user) const {
  std::string host;
  for (const char c : folder_.path().string()) host += c == '/' ? "%2F" : std::string(1, c);
  return "postgresql://" + user + "@" + host + ":" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::tcp_url(const std::string& database, const std::string& user) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

void PostgresServer::run(const std::string& sql, const std::string& database) {
  soci::session session(soci::postgresql, as_administrator(url(database, "postgres")));
  session << sql;
}

std::string PostgresServer::ask(const std::string& sql, const std::string& database) {
  soci::session session(soci::postgresql, as_administrator(url(database, "postgres")));
  std::string value;
  soci::indicator found = soci::i_null;
  session << sql, soci::into(value, found);
  return value;
}

std::string PostgresServer::make_database(const std::string& name, const std::string& copy_of) {
  run("create database " + name + " owner loa encoding 'UTF8' lc_collate 'C' lc_ctype 'C' template " + copy_of);
  return url(name);
}

std::string PostgresServer::log() const { return server_ ? server_->out() + server_->err() : ""; }

bool stores_on_postgresql() {
  const char* wanted = std::getenv("LOA_TEST_STORE");
  if (!wanted || !*wanted || std::string(wanted) == "sqlite") return false;
  if (std::string(wanted) != "postgresql") throw std::runtime_error("LOA_TEST_STORE is sqlite or postgresql");
  return true;
}

std::string store_url(const std::filesystem::path& file) {
  if (!stores_on_postgresql()) return "sqlite://" + file.string();
  static PostgresServer server;
  static std::map<std::string, std::string> known;
  if (known.empty()) store::open_session(server.make_database("migrated"));
  auto& url = known[file.string()];
  if (url.empty()) url = server.make_database("test" + std::to_string(known.size()), "migrated");
  return url;
}

}  // namespace loa::tests
