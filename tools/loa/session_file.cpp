#include "tools/loa/session_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace loa::tool {

namespace json = boost::json;

std::filesystem::path session_path() {
  const auto* own = std::getenv("LOA_SESSION");
  if (own && *own) return own;
  const auto* state = std::getenv("XDG_STATE_HOME");
  if (state && *state == '/') return std::filesystem::path(state) / "loa/session.json";
  const auto* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : "/") / ".local/state/loa/session.json";
}

Session load_session(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) return {};
  std::ostringstream text;
  text << in.rdbuf();
  boost::system::error_code error;
  const auto value = json::parse(text.str(), error);
  if (error || !value.is_object())
    throw CommandError(kRefused, fmt::format("{} is not a session file: remove it and sign in again", file.string()));
  const auto text_of = [&](const char* key) {
    const auto* found = value.as_object().if_contains(key);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
  };
  return {text_of("server"), text_of("ca_file"), text_of("cookie")};
}

void save_session(const std::filesystem::path& file, const Session& session) {
  if (file.has_parent_path()) std::filesystem::create_directories(file.parent_path());
  const auto text =
      json::serialize(json::object{{"server", session.server}, {"ca_file", session.ca_file}, {"cookie", session.cookie}});
  const auto temporary = file.string() + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  const bool written = fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  if (fd >= 0) ::close(fd);
  if (!written || ::rename(temporary.c_str(), file.c_str()) != 0)
    throw CommandError(kRefused, fmt::format("cannot write {}", file.string()));
}

}  // namespace loa::tool
