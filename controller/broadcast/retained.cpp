#include "controller/broadcast/retained.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace loa::broadcast {

using protocol::MessageType;

Priority RetainedTopics::priority_of(const std::string& topic) {
  const auto parsed = protocol::parse_topic(topic);
  if (!parsed) return Priority::plan;
  if (parsed->type == MessageType::alert) return Priority::alert;
  return parsed->type == MessageType::keys ? Priority::keys : Priority::plan;
}

void RetainedTopics::load(const std::string& topic, std::string packet) { x_wanted[topic] = std::move(packet); }

void RetainedTopics::set(Priority priority, const std::string& topic, std::string packet) {
  auto& wanted = x_wanted[topic];
  wanted = std::move(packet);
  push(priority, topic, wanted);
}

void RetainedTopics::push(Priority priority, const std::string& topic, std::string packet) {
  if (!x_look) x_outbox.push(priority, topic, true, std::move(packet));
}

void RetainedTopics::be_quiet(std::function<void(const protocol::Topic&, const std::string&)> look) { x_look = std::move(look); }

void RetainedTopics::speak() {
  x_look = nullptr;
  x_wanted.clear();
  x_check.reset();
}

void RetainedTopics::drop(const std::string& topic) {
  x_wanted.erase(topic);
  push(priority_of(topic), topic, std::string());
}

void RetainedTopics::leave(const std::string& topic) {
  x_wanted.erase(topic);
  if (x_check) x_check->seen.insert(topic);
}

const std::string* RetainedTopics::find(const std::string& topic) const {
  const auto found = x_wanted.find(topic);
  return found == x_wanted.end() ? nullptr : &found->second;
}

void RetainedTopics::again(const std::string& topic) {
  if (const auto* packet = find(topic)) push(priority_of(topic), topic, *packet);
}

void RetainedTopics::begin_check(const std::vector<int>& formats, scheduler::TimePoint now) {
  Check check{now + kQuiet, now + kLongest, {protocol::plan_topic("+")}, {}};
  for (const int format : formats) {
    check.filters.push_back(protocol::keys_topic(format));
    check.filters.push_back(protocol::alert_topic("+", format));
  }
  for (const auto& filter : check.filters) x_link.subscribe(filter);
  x_check = std::move(check);
}

bool RetainedTopics::take(const protocol::LinkMessage& message, const protocol::Topic& topic, scheduler::TimePoint now) {
  if (topic.type != MessageType::plan && topic.type != MessageType::alert && topic.type != MessageType::keys) return false;
  // A live one is our own, come back because of the check's subscriptions.
  if (!x_check || !message.retained || message.payload.empty()) return true;
  x_check->quiet_at = now + kQuiet;
  x_check->seen.insert(message.topic);
  if (x_look) {
    x_look(topic, message.payload);
    return true;
  }
  const auto* wanted = find(message.topic);
  if (!wanted) {
    spdlog::warn("broadcast: the broker retains {}, which nobody should have: clearing it", message.topic);
    x_outbox.push(priority_of(message.topic), message.topic, true, std::string());
  } else if (*wanted != message.payload) {
    spdlog::warn("broadcast: the broker retains another {} than was last signed: publishing it again", message.topic);
    again(message.topic);
  }
  return true;
}

void RetainedTopics::tick(scheduler::TimePoint now) {
  if (!x_check || now < std::min(x_check->quiet_at, x_check->end)) return;
  const auto check = std::move(*x_check);
  x_check.reset();
  for (const auto& filter : check.filters) x_link.unsubscribe(filter);
  for (const auto& [topic, packet] : x_wanted)
    if (!check.seen.contains(topic)) again(topic);
}

}  // namespace loa::broadcast
