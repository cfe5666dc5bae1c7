#pragma once
#include <memory>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A PostgreSQL server of a test's own: a new cluster in a temporary folder, reached by a socket there and a free port of the
/// loopback, durable as in production. It runs as the account `postgres` where the test is root, as PostgreSQL will not run as root.
/// Ended by its process id with this object, and by the kernel where the test dies.
class PostgresServer {
 public:
  struct Options {
    bool password = false;  ///< users must say one (SCRAM), but for `postgres`
    bool fsync = true;
  };
  PostgresServer() : PostgresServer(Options{}) {}
  explicit PostgresServer(Options options);
  ~PostgresServer();

  /// Where it is found: `postgresql://loa@/NAME?host=…`, through the socket.
  std::string url(const std::string& database, const std::string& user = "loa") const;
  /// The same through the port.
  std::string tcp_url(const std::string& database, const std::string& user = "loa") const;
  /// Runs a statement as the server's administrator.
  void run(const std::string& sql, const std::string& database = "postgres");
  /// The first value of a query as the administrator.
  std::string ask(const std::string& sql, const std::string& database = "postgres");
  /// An empty database as docs say to make it; the URL of the user `loa`, who owns it.
  std::string make_database(const std::string& name, const std::string& copy_of = "template0");

  /// Starts it again after kill() or stop().
  void start();
  /// SIGKILL to the server itself; its children notice and end. What it had not committed is lost.
  void kill();
  /// Stops it at once (SIGQUIT), as a power cut that spares the disk.
  void stop();
  /// From the next start() on it is found at another port, where those who knew the old one do not find it.
  void use_port(std::uint16_t port) { port_ = port; }
  /// What it wrote to its log.
  std::string log() const;
  std::uint16_t port() const { return port_; }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  std::vector<std::string> as_server(std::vector<std::string> argv) const;
  void launch();
  bool answers();

  TempFolder folder_;
  Options options_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> server_;
};

/// Whether this run of the tests keeps its stores on PostgreSQL: LOA_TEST_STORE=postgresql.
bool stores_on_postgresql();

/// URL of the store that a test keeps at this place, the same for the same file: SQLite there, or with LOA_TEST_STORE=postgresql a
/// database of its own on a server that all tests of the process share.
std::string store_url(const std::filesystem::path& file);

}  // namespace loa::tests
