#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controller/http/event_stream.hpp"
#include "controller/store/areas.hpp"

namespace loa::api {

/// Something changed; the page reads it anew. `name` is node, occurrence, programme, stream, job, broadcast, alert or alarm.
struct Event {
  std::string name;
  std::string id;
  std::string area;  ///< empty: of no branch, for readers of the whole tree
  std::string node;    ///< empty: of no node
  std::string status;  ///< empty: not said
  std::optional<int> percent;
};

/// The `data` of an event as JSON.
std::string to_json_text(const Event& event);

/// Hands events to those who may see them. On the loop only.
class EventHub {
 public:
  static constexpr std::size_t kMostStreams = 200;
  static constexpr std::size_t kMostOfOneUser = 10;

  /// The tree by which an event's area is found in a reader's branches.
  void set_areas(const std::vector<store::Area>& areas);
  /// A stream for this reader until `expires`; null where there are too many.
  std::shared_ptr<http::EventStream> open(const std::string& user, std::vector<std::string> roots, store::TimePoint expires);
  void publish(const Event& event, store::TimePoint now);
  /// Ends this user's streams: signed out, disabled or other rights.
  void close_user(const std::string& user);
  void close_all();

 private:
  struct Reader {
    std::shared_ptr<http::EventStream> stream;
    std::string user;
    std::vector<std::string> roots;
    store::TimePoint expires;
  };
  bool is_within(std::string area, const std::vector<std::string>& roots) const;
  void drop_closed();

  std::map<std::string, std::string> x_parents;
  std::vector<Reader> x_readers;
};

}  // namespace loa::api
