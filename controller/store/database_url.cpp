#include "controller/store/database_url.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <sys/stat.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <stdexcept>
#include <string_view>

namespace loa::store {
namespace {

constexpr std::string_view kSqlite = "sqlite://";
using Options = std::map<std::string, std::string>;

[[noreturn]] void refuse(const std::string& why) { throw std::runtime_error("store: database URL: " + why); }

// A quoted piece that may be one of `user:password@host` is left out.
std::string without_secrets(const std::string& message) {
  std::string text;
  for (std::size_t begin = 0; begin < message.size();) {
    const auto open = message.find('"', begin);
    const auto close = open == std::string::npos ? open : message.find('"', open + 1);
    if (close == std::string::npos) return text + message.substr(begin);
    const auto piece = message.substr(open + 1, close - open - 1);
    const bool secret = piece.find_first_of(":@") != std::string::npos;
    text += message.substr(begin, open - begin) + '"' + (secret ? "…" : piece) + '"';
    begin = close + 1;
  }
  return text;
}

constexpr const char* kNoPassword =
    "it must not hold a password, which others would read in logs and process lists: put it into a password file (?passfile=FILE, or PGPASSFILE)";

// Looked for before libpq sees the text: its own complaints repeat pieces of it. To libpq user and password go on to the `@`, over a `?` too.
void refuse_password(const std::string& url) {
  const auto begin = url.find("://") + 3;
  const auto authority = url.substr(begin, url.find('/', begin) - begin);
  const auto at = authority.rfind('@');
  const bool in_user = at != std::string::npos && authority.substr(0, at).find(':') != std::string::npos;
  if (in_user || url.find("password=", begin) != std::string::npos)
    refuse(kNoPassword);
}

Options read_options(const std::string& url) {
  char* message = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> parsed(PQconninfoParse(url.c_str(), &message),
                                                                            &PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> text(message, &PQfreemem);
  if (!parsed) {
    std::string why = message ? message : "out of memory";
    while (!why.empty() && why.back() == '\n') why.pop_back();
    // It quotes the URL's text, where somebody may have put a password.
    refuse(without_secrets(why));
  }
  Options options;
  for (auto* one = parsed.get(); one->keyword; ++one)
    if (one->val && *one->val) options[one->keyword] = one->val;
  return options;
}

bool is_local(const Options& options) {
  const auto host = options.count("host") ? options.at("host") : "";
  return host.empty() || host[0] == '/' || host[0] == '@' || host == "localhost" || host == "::1" || host.starts_with("127.");
}

void check(const Options& options) {
  if (options.count("password") || options.count("sslpassword")) refuse(kNoPassword);  // its name may have been written in percents
  if (!options.count("dbname")) refuse("it names no database: postgresql://USER@HOST/NAME");
  for (const auto* key : {"host", "port", "hostaddr"})
    if (options.count(key) && options.at(key).find(',') != std::string::npos)
      refuse("it names several servers: a controller uses one, the primary");
  if (options.count("port") && options.at("port").find_first_not_of("0123456789") != std::string::npos)
    refuse(fmt::format("the port `{}` is not a number", options.at("port")));
  for (const auto& [key, value] : options)
    if (value.find_first_of(" \t\n\r") != std::string::npos) refuse(fmt::format("`{}` must hold no space", key));  // SOCI splits there
}

// libpq ignores a password file that others can read, and then only says that there is no password.
void check_password_file(const Options& options) {
  const char* named = std::getenv("PGPASSFILE");
  const bool in_url = options.count("passfile") != 0;
  if (!in_url && (!named || !*named)) return;
  const std::string file = in_url ? options.at("passfile") : named;
  struct stat found {};
  if (::stat(file.c_str(), &found) != 0) refuse(fmt::format("the password file {} cannot be read", file));
  if (!S_ISREG(found.st_mode)) refuse(fmt::format("the password file {} is not a file", file));
  if ((found.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    refuse(fmt::format("others can read the password file {}: chmod 600 it", file));
}

void complete(Options& options) {
  options.try_emplace("sslmode", is_local(options) ? "prefer" : "verify-full");
  options.try_emplace("application_name", "loa-controller");
  options.try_emplace("connect_timeout", "5");
  options.try_emplace("keepalives_idle", "10");
  options.try_emplace("keepalives_interval", "5");
  options.try_emplace("keepalives_count", "3");
  options.try_emplace("tcp_user_timeout", "20000");
  options["client_encoding"] = "UTF8";
  options["target_session_attrs"] = "read-write";
}

std::string connection_text(const Options& options) {
  std::string text;
  for (const auto& [key, value] : options) {
    text += (text.empty() ? "" : " ") + key + "='";
    for (const char c : value) {
      if (c == '\'' || c == '\\') text += '\\';
      text += c;
    }
    text += "'";
  }
  return text;
}

std::string shown(const Options& options) {
  const auto part = [&](const char* key) { return options.count(key) ? options.at(key) : std::string(); };
  return fmt::format("postgresql://{}{}{}{}{}/{}", part("user"), options.count("user") ? "@" : "", part("host"),
                     options.count("port") ? ":" : "", part("port"), part("dbname"));
}

}  // namespace

DatabaseUrl parse_database_url(const std::string& url) {
  if (url.starts_with(kSqlite)) {
    const auto file = url.substr(kSqlite.size());
    if (file.empty()) refuse("sqlite:// names no file");
    return {DatabaseUrl::Kind::sqlite, file, file};
  }
  if (url.find("://") == std::string::npos) {
    if (url.empty()) refuse("it is empty");
    return {DatabaseUrl::Kind::sqlite, url, url};
  }
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://"))
    refuse(fmt::format("`{}` is not known, only sqlite:// and postgresql:// are", url.substr(0, url.find("://") + 3)));
  refuse_password(url);
  auto options = read_options(url);
  check(options);
  check_password_file(options);
  complete(options);
  return {DatabaseUrl::Kind::postgresql, connection_text(options), shown(options)};
}

}  // namespace loa::store
