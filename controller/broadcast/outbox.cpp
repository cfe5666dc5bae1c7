#include "controller/broadcast/outbox.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace loa::broadcast {

void Outbox::push(Priority priority, const std::string& topic, bool retained, Make make) {
  add(priority, {topic, topic, retained, std::move(make)});
}

void Outbox::push(Priority priority, const std::string& topic, bool retained, std::string payload) {
  push(priority, topic, retained, [payload = std::move(payload)] { return std::optional(payload); });
}

void Outbox::push_order(const std::string& id, const std::string& topic, std::string payload) {
  add(Priority::order, {id, topic, false, [payload = std::move(payload)] { return std::optional(payload); }});
}

void Outbox::add(Priority priority, Waiting waiting) {
  auto& lane = x_lanes[static_cast<std::size_t>(priority)];
  if (!lane.keys.insert(waiting.key).second) {
    const auto queued = std::find_if(lane.queue.begin(), lane.queue.end(), [&](const Waiting& one) { return one.key == waiting.key; });
    if (queued != lane.queue.end()) *queued = std::move(waiting);
  } else {
    lane.queue.push_back(std::move(waiting));
  }
  pump();
}

// Nothing newer for the same key may be pushed out by it.
void Outbox::lost(std::size_t lane, const Waiting& waiting) {
  if (x_lanes[lane].keys.insert(waiting.key).second) x_lanes[lane].queue.push_back(waiting);
}

bool Outbox::send(std::size_t lane, const Waiting& waiting) {
  const auto payload = waiting.make();
  if (!payload) return true;
  auto published = [this, alive = std::weak_ptr(x_alive), lane, waiting](protocol::PublishOutcome outcome) {
    if (alive.expired()) return;
    if (outcome == protocol::PublishOutcome::lost) lost(lane, waiting);
    pump();
  };
  const auto taken = x_link.publish(waiting.topic, *payload, waiting.retained, std::move(published));
  if (taken) return true;
  if (taken.error() == protocol::PublishError::too_large) {
    spdlog::error("broadcast: {} bytes for {} are more than the link takes", payload->size(), waiting.topic);
    return true;
  }
  return false;
}

void Outbox::pump() {
  if (x_pumping || !x_link.connected()) return;
  x_pumping = true;
  try {
    send_waiting();
  } catch (...) {
    x_pumping = false;  // or nothing would ever be sent again
    throw;
  }
  x_pumping = false;
}

void Outbox::send_waiting() {
  for (std::size_t i = 0; i < x_lanes.size(); ++i) {
    auto& lane = x_lanes[i];
    while (!lane.queue.empty()) {
      if (!send(i, lane.queue.front())) return;
      lane.keys.erase(lane.queue.front().key);
      lane.queue.pop_front();
    }
  }
}

std::array<std::size_t, 6> Outbox::sizes() const {
  std::array<std::size_t, 6> sizes{};
  for (std::size_t i = 0; i < sizes.size(); ++i) sizes[i] = x_lanes[i].queue.size();
  return sizes;
}

std::size_t Outbox::size() const {
  std::size_t all = 0;
  for (const auto& lane : x_lanes) all += lane.queue.size();
  return all;
}

}  // namespace loa::broadcast
