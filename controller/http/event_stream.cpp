#include "controller/http/event_stream.hpp"

namespace loa::http {

std::string event_text(std::string_view name, std::string_view data) {
  std::string text = "event: " + std::string(name) + "\n";
  while (true) {
    const auto end = data.find('\n');
    text += "data: " + std::string(data.substr(0, end)) + "\n";
    if (end == std::string_view::npos) break;
    data.remove_prefix(end + 1);
  }
  return text + "\n";
}

bool EventStream::push(std::string text) {
  if (x_closed) return false;
  if (x_queue.size() >= x_bound) {
    x_queue.clear();
    close();
    return false;
  }
  x_queue.push_back(std::move(text));
  if (x_wake) x_wake();
  return true;
}

void EventStream::close() {
  x_closed = true;
  if (x_wake) x_wake();
}

std::optional<std::string> EventStream::pop() {
  if (x_queue.empty()) return {};
  auto text = std::move(x_queue.front());
  x_queue.pop_front();
  return text;
}

}  // namespace loa::http
