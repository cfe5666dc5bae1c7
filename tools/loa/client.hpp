#pragma once
#include <boost/json/value.hpp>
#include <filesystem>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>

namespace loa::tool {

/// Exit codes of `loa`; scripts may rely on them.
enum ExitCode {
  kDone = 0,
  kRefused = 1,      ///< the controller, or a file, said no
  kUsage = 2,        ///< the command line is wrong
  kNotAllowed = 3,   ///< not signed in, or without the right
  kNotFound = 4,
  kUnreachable = 5,  ///< no answer from the controller
  kTimeLimit = 6     ///< what was waited for did not come in time
};

/// What ends a command early: the exit code and one sentence for the person.
class CommandError : public std::runtime_error {
 public:
  CommandError(ExitCode code, const std::string& message, std::string problem = {})
      : std::runtime_error(message), code_(code), problem_(std::move(problem)) {}
  ExitCode code() const { return code_; }
  /// The stable code of the controller's refusal; empty where it is none.
  const std::string& problem() const { return problem_; }

 private:
  ExitCode code_;
  std::string problem_;
};

/// Where the controller is and who is signed in; kept between calls.
struct Session {
  std::string server;   ///< "https://host:port"
  std::string ca_file;  ///< PEM that its certificate chains to; empty: the system's
  std::string cookie;   ///< value of __Host-loa_session
};

/// Called with the share done, 0..100.
using Progress = std::function<void(int)>;

/// Speaks the API over HTTPS with libcurl, one request at a time; every request has a time limit.
/// Throws CommandError with the controller's own sentence when it refuses, and kUnreachable when it does not answer.
class Client {
 public:
  explicit Client(Session session) : session_(std::move(session)) {}

  boost::json::value get(const std::string& path) { return request("GET", path, nullptr); }
  boost::json::value post(const std::string& path, const boost::json::value& body);
  boost::json::value post(const std::string& path) { return request("POST", path, nullptr); }
  boost::json::value put(const std::string& path, const boost::json::value& body);
  boost::json::value patch(const std::string& path, const boost::json::value& body);
  boost::json::value remove(const std::string& path) { return request("DELETE", path, nullptr); }
  /// Sends a file as the body.
  boost::json::value upload(const std::string& path, const std::filesystem::path& file, const std::string& content_type,
                            const Progress& progress);
  /// Gives `take` the items of a paged list one by one, until it says false.
  void each(const std::string& path, std::map<std::string, std::string> query, const std::function<bool(boost::json::value&)>& take);
  /// The items of a paged list, at most `most`.
  boost::json::array all(const std::string& path, std::map<std::string, std::string> query, std::size_t most);

  const Session& session() const { return session_; }

 private:
  struct Body;
  boost::json::value request(const std::string& method, const std::string& path, const Body* body);

  Session session_;
};

/// `path?key=value&…` of the values that are not empty, percent-encoded (RFC 3986).
std::string with_query(const std::string& path, const std::map<std::string, std::string>& query);

/// One segment of a path, percent-encoded.
std::string escaped(const std::string& segment);

}  // namespace loa::tool
