#pragma once
#include <boost/asio/io_context.hpp>
#include <memory>
#include <string>
#include <vector>

#include "protocol/clock.hpp"
#include "protocol/link_mosquitto.hpp"
#include "tests/support/loop.hpp"

namespace loa::tests {

/// A link with an owner that writes down what it is told.
struct LinkOwner {
  boost::asio::io_context& loop;
  std::unique_ptr<protocol::MosquittoLink> link;
  std::vector<protocol::LinkSession> sessions;
  std::vector<std::string> reasons;
  std::vector<protocol::LinkMessage> messages;
  int attempts = 0;
  std::optional<protocol::LinkWill> will;
  std::optional<scheduler::TimePoint> tls_time = protocol::SystemClock().now();
  std::optional<std::string> ca_pem;
  bool dates_may_mislead = false;

  LinkOwner(boost::asio::io_context& io, protocol::LinkSettings settings)
      : loop(io), link(std::make_unique<protocol::MosquittoLink>(io.get_executor(), std::move(settings))) {}

  void start() {
    link->start({[this] {
                   ++attempts;
                   protocol::ConnectTerms terms{will, tls_time};
                   terms.ca_pem = ca_pem;
                   terms.dates_may_mislead = dates_may_mislead;
                   return terms;
                 },
                 [this](const protocol::LinkSession& session) { sessions.push_back(session); },
                 [this](const std::string& reason) { reasons.push_back(reason); },
                 [this](const protocol::LinkMessage& message) { messages.push_back(message); }});
  }
  /// Starts it and waits for its first session.
  bool connect() {
    start();
    return until([this] { return !sessions.empty(); });
  }
  bool until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    return tests::run_until(loop, done, limit);
  }
  /// Publishes and waits for PUBACK.
  bool publish(const std::string& topic, const std::string& payload, bool retained = false) {
    bool acknowledged = false;
    const auto sent = link->publish(topic, payload, retained, [&acknowledged](protocol::PublishOutcome outcome) {
      acknowledged = outcome == protocol::PublishOutcome::acknowledged;
    });
    return sent.has_value() && until([&] { return acknowledged; });
  }
  /// Waits until the broker has done what was asked of it so far: it acknowledges in order, also what it does not allow.
  bool settle() { return publish("settled", ""); }
  /// Whether a message with this payload has come, at most after `limit`.
  bool receives(const std::string& payload, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
    return until([&] { return find(payload) != nullptr; }, limit);
  }
  const protocol::LinkMessage* find(const std::string& payload) const {
    for (const auto& message : messages)
      if (message.payload == payload) return &message;
    return nullptr;
  }
};

}  // namespace loa::tests
