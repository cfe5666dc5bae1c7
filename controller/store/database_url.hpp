#pragma once
#include <string>

namespace loa::store {

/// Where a store lies, read from its URL.
struct DatabaseUrl {
  enum class Kind { sqlite, postgresql };
  Kind kind = Kind::sqlite;
  std::string target;  ///< SQLite: the file. PostgreSQL: libpq's `key='value' …`, without any password
  std::string shown;   ///< for logs and errors: the file, or `postgresql://user@host:port/name`
};

/// Reads `sqlite://FILE`, a bare file name, or `postgresql://[USER@]HOST[:PORT]/NAME[?KEY=VALUE&…]` (libpq's connection URI, one
/// server). What is not said is set to what a controller needs: verified TLS to another machine, and limits for every wait. Throws
/// std::runtime_error with what is wrong; a URL that holds a password is refused, without repeating it: libpq takes it from a
/// password file (`?passfile=FILE`, PGPASSFILE or ~/.pgpass), which must be closed to others.
DatabaseUrl parse_database_url(const std::string& url);

}  // namespace loa::store
