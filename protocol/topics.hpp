#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// What a topic carries and for whom. Topics of one node lie under `loa/1` whatever format their messages
/// have; what all nodes share (keys, alerts, controller state) is published under `loa/N` for each format N
/// in use.
struct Topic {
  MessageType type = MessageType::state;
  int format = kFormat;
  std::string id;  ///< node id or area id; empty for keys and controller state
  bool operator==(const Topic&) const = default;
};

std::string keys_topic(int format = kFormat);
std::string controller_state_topic(int format = kFormat);
std::string alert_topic(std::string_view area, int format = kFormat);
std::string head_topic(std::string_view node);
std::string plan_topic(std::string_view node);
std::string order_topic(std::string_view node);
std::string log_ack_topic(std::string_view node);
std::string state_topic(std::string_view node);
std::string receipt_topic(std::string_view node);
std::string log_topic(std::string_view node);
std::string certificate_request_topic(std::string_view node);
std::string certificate_topic(std::string_view node);

/// What the controller subscribes to: every node's state, receipts, logs and requests for certificates.
std::vector<std::string> controller_filters();

/// What a node subscribes to at every connect, its plan and its areas' alerts apart.
std::vector<std::string> node_filters(std::string_view node);

/// Whether messages on the topic of `type` are retained by the broker.
bool is_retained(MessageType type);

/// The topic that `text` names; refused as malformed where it is none of Loa's or its id is not well formed.
Result<Topic> parse_topic(std::string_view text);

/// Whether `id` is an area id: `[a-z0-9-]{1,40}`.
bool is_area_id(std::string_view id);

/// Whether `id` is fit for a topic, a certificate and a record: `[A-Za-z0-9._-]{1,64}`.
bool is_id(std::string_view id);

}  // namespace loa::protocol
