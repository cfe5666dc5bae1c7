#include "protocol/topics.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace loa::protocol {
namespace {

struct NodeTopic {
  std::string_view name;
  MessageType type;
};

constexpr std::array<NodeTopic, 9> kNodeTopics{{{"head", MessageType::head},
                                                {"plan", MessageType::plan},
                                                {"order", MessageType::order},
                                                {"log-ack", MessageType::log_ack},
                                                {"state", MessageType::state},
                                                {"receipt", MessageType::receipt},
                                                {"log", MessageType::log},
                                                {"certificate-request", MessageType::certificate_request},
                                                {"certificate", MessageType::certificate}}};

std::string root(int format) { return "loa/" + std::to_string(format) + "/"; }

std::string node_topic(std::string_view node, std::string_view name) {
  return root(kFormat) + "node/" + std::string{node} + "/" + std::string{name};
}

Refusal no_topic(std::string_view text) {
  return {RefusalCode::malformed, "topic", "\"" + std::string{text.substr(0, 80)} + "\" is no topic of Loa"};
}

/// Cuts `text` at its first slash: returns the part before, leaves the part after.
std::string_view next_level(std::string_view& text) {
  const auto slash = text.find('/');
  const auto level = text.substr(0, slash);
  text = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
  return level;
}

bool all_of(std::string_view text, std::string_view more, bool upper) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (upper && c >= 'A' && c <= 'Z') ||
           more.find(c) != std::string_view::npos;
  });
}

}  // namespace

std::string keys_topic(int format) { return root(format) + "keys"; }
std::string controller_state_topic(int format) { return root(format) + "controller/state"; }
std::string alert_topic(std::string_view area, int format) {
  return root(format) + "area/" + std::string{area} + "/alert";
}
std::string head_topic(std::string_view node) { return node_topic(node, "head"); }
std::string plan_topic(std::string_view node) { return node_topic(node, "plan"); }
std::string order_topic(std::string_view node) { return node_topic(node, "order"); }
std::string log_ack_topic(std::string_view node) { return node_topic(node, "log-ack"); }
std::string state_topic(std::string_view node) { return node_topic(node, "state"); }
std::string receipt_topic(std::string_view node) { return node_topic(node, "receipt"); }
std::string log_topic(std::string_view node) { return node_topic(node, "log"); }

std::string certificate_request_topic(std::string_view node) { return node_topic(node, "certificate-request"); }
std::string certificate_topic(std::string_view node) { return node_topic(node, "certificate"); }

std::vector<std::string> controller_filters() {
  return {state_topic("+"), receipt_topic("+"), log_topic("+"), certificate_request_topic("+")};
}

std::vector<std::string> node_filters(std::string_view node) {
  return {keys_topic(), controller_state_topic(), head_topic(node), order_topic(node), log_ack_topic(node),
          certificate_topic(node)};
}

bool is_retained(MessageType type) {
  return type == MessageType::keys || type == MessageType::plan || type == MessageType::alert ||
         type == MessageType::state || type == MessageType::controller_state;
}

Result<Topic> parse_topic(std::string_view text) {
  std::string_view rest = text;
  Topic topic;
  if (next_level(rest) != "loa") return no_topic(text);
  const std::string_view number = next_level(rest);
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), topic.format);
  if (error != std::errc{} || std::to_string(topic.format) != number || topic.format < 1)
    return no_topic(text);
  if (rest == "keys" || rest == "controller/state") {
    topic.type = rest == "keys" ? MessageType::keys : MessageType::controller_state;
    return topic;
  }
  const std::string_view group = next_level(rest);
  topic.id = next_level(rest);
  if (group == "area" && rest == "alert" && is_area_id(topic.id)) {
    topic.type = MessageType::alert;
    return topic;
  }
  const auto found = std::find_if(kNodeTopics.begin(), kNodeTopics.end(),
                                  [&](const NodeTopic& candidate) { return candidate.name == rest; });
  if (group != "node" || topic.format != kFormat || found == kNodeTopics.end() || !is_id(topic.id)) {
    return no_topic(text);
  }
  topic.type = found->type;
  return topic;
}

bool is_area_id(std::string_view id) { return !id.empty() && id.size() <= 40 && all_of(id, "-", false); }

bool is_id(std::string_view id) { return !id.empty() && id.size() <= 64 && all_of(id, "._-", true); }

}  // namespace loa::protocol
