#include "controller/api/events.hpp"

#include <algorithm>
#include <boost/json.hpp>

namespace loa::api {

std::string to_json_text(const Event& event) {
  boost::json::object data;
  data["id"] = event.id;
  if (!event.area.empty()) data["area"] = event.area;
  if (!event.node.empty()) data["node"] = event.node;
  if (!event.status.empty()) data["status"] = event.status;
  if (event.percent) data["percent"] = *event.percent;
  return boost::json::serialize(data);
}

void EventHub::set_areas(const std::vector<store::Area>& areas) {
  x_parents.clear();
  for (const auto& area : areas) x_parents[area.id] = area.parent;
}

std::shared_ptr<http::EventStream> EventHub::open(const std::string& user, std::vector<std::string> roots,
                                                  store::TimePoint expires) {
  drop_closed();
  const auto own = std::count_if(x_readers.begin(), x_readers.end(), [&](const auto& r) { return r.user == user; });
  if (x_readers.size() >= kMostStreams || static_cast<std::size_t>(own) >= kMostOfOneUser) return nullptr;
  auto stream = std::make_shared<http::EventStream>();
  x_readers.push_back({stream, user, std::move(roots), expires});
  return stream;
}

void EventHub::publish(const Event& event, store::TimePoint now) {
  const auto text = http::event_text(event.name, to_json_text(event));
  for (auto& reader : x_readers) {
    if (now >= reader.expires) reader.stream->close();
    if (is_within(event.area, reader.roots)) reader.stream->push(text);
  }
  drop_closed();
}

void EventHub::close_user(const std::string& user) {
  for (auto& reader : x_readers)
    if (reader.user == user) reader.stream->close();
  drop_closed();
}

void EventHub::close_all() {
  for (auto& reader : x_readers) reader.stream->close();
  x_readers.clear();
}

bool EventHub::is_within(std::string area, const std::vector<std::string>& roots) const {
  if (area.empty())
    return std::any_of(roots.begin(), roots.end(), [&](const auto& root) {
      const auto found = x_parents.find(root);
      return found != x_parents.end() && found->second.empty();
    });
  // The store keeps the tree free of loops; the count keeps a broken one from hanging the loop.
  for (int level = 0; level < 64 && !area.empty(); ++level) {
    if (std::find(roots.begin(), roots.end(), area) != roots.end()) return true;
    const auto found = x_parents.find(area);
    if (found == x_parents.end()) return false;
    area = found->second;
  }
  return false;
}

void EventHub::drop_closed() {
  std::erase_if(x_readers, [](const auto& reader) { return reader.stream->closed(); });
}

}  // namespace loa::api
