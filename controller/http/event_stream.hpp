#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace loa::http {

/// The text of one server-sent event (WHATWG HTML, section 9.2); `data` may hold line breaks, `name` may not.
std::string event_text(std::string_view name, std::string_view data);

/// One client's stream of server-sent events: a bounded queue between whoever publishes and the connection that writes. When it
/// overflows it closes, the client reconnects and reads everything anew. Used on the loop only.
class EventStream {
 public:
  explicit EventStream(std::size_t bound = 256) : x_bound(bound) {}

  /// Queues what event_text() made; false: closed, now or before.
  bool push(std::string text);
  /// Ends the stream once what is queued was written.
  void close();
  bool closed() const { return x_closed; }

  /// For the connection: the next text, or nothing where the queue is empty.
  std::optional<std::string> pop();
  /// For the connection: `wake` is called when there is something to write or the stream was closed.
  void on_change(std::function<void()> wake) { x_wake = std::move(wake); }

 private:
  std::size_t x_bound;
  std::deque<std::string> x_queue;
  std::function<void()> x_wake;
  bool x_closed = false;
};

}  // namespace loa::http
