#pragma once
#include <cassert>
#include <deque>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "protocol/link.hpp"

namespace loa::tests {

/// A link in memory: the test plays the broker. Handlers are called directly from the test's own calls.
class FakeLink final : public protocol::Link {
 public:
  /// One publication that the code under test made.
  struct Sent {
    std::uint64_t id = 0;
    std::string topic;
    std::string payload;
    bool retained = false;
    Published published;
  };

  std::vector<Sent> sent;              ///< in order, of all sessions
  std::set<std::string> filters;       ///< subscriptions of the present session
  std::vector<std::string> asked;      ///< every subscribe call in order, of all sessions
  std::optional<protocol::LinkWill> will;            ///< of the last attempt
  std::optional<scheduler::TimePoint> tls_time;      ///< of the last attempt
  bool dates_may_mislead = false;                    ///< of the last attempt
  std::optional<protocol::LinkCredentials> credentials;  ///< of the last attempt
  std::optional<std::string> ca_pem;                 ///< of the last attempt
  std::size_t max_message_bytes = 1024 * 1024;
  std::size_t max_in_flight = 512;
  bool acknowledges = true;            ///< answers each publication at the next deliver() or acknowledge()
  std::vector<std::string> addresses;  ///< of the last set_addresses()
  std::string address = "mqtts://127.0.0.1:8883";  ///< that answers
  bool broken = false;                 ///< publish throws, as where memory has run out
  bool closely = false;                ///< as watch() was told last
  int renewals = 0;                    ///< calls of renew() that ended a session
  bool started = false;
  bool closed = false;

  /// An attempt that succeeds: asks for the terms, then tells `connected`.
  void connect() {
    assert(started && !closed && !connected_);
    prepare();
    connected_ = true;
    ++session_;
    if (handlers_.connected) handlers_.connected({session_, address});
  }
  /// An attempt that fails.
  void fail(const std::string& reason = "refused") {
    assert(started && !closed && !connected_);
    prepare();
    if (handlers_.disconnected) handlers_.disconnected(reason);
  }
  /// The session ends; open publications are lost.
  void drop(const std::string& reason = "connection lost") {
    connected_ = false;
    filters.clear();
    answer_all(protocol::PublishOutcome::lost);
    if (handlers_.disconnected) handlers_.disconnected(reason);
  }
  /// PUBACKs everything open.
  void acknowledge() { answer_all(protocol::PublishOutcome::acknowledged); }
  /// A message arrives, whether or not it was subscribed to.
  void deliver(std::string topic, std::string payload, bool retained = false) {
    if (acknowledges) acknowledge();
    if (handlers_.message) handlers_.message({std::move(topic), std::move(payload), retained, 1});
  }
  /// The payloads sent to one topic, in order.
  std::vector<std::string> sent_to(const std::string& topic) const {
    std::vector<std::string> payloads;
    for (const Sent& one : sent)
      if (one.topic == topic) payloads.push_back(one.payload);
    return payloads;
  }

  void start(protocol::LinkHandlers handlers) override {
    assert(!started && handlers.prepare_connect);
    started = true;
    handlers_ = std::move(handlers);
  }
  bool connected() const override { return connected_; }
  boost::system::result<std::uint64_t, protocol::PublishError> publish(std::string topic, std::string payload,
                                                                       bool retained, Published published = {}) override {
    if (broken) throw std::runtime_error("the link is broken");
    if (!connected_) return protocol::PublishError::not_connected;
    if (topic.size() + payload.size() > max_message_bytes) return protocol::PublishError::too_large;
    if (open_.size() >= max_in_flight) return protocol::PublishError::queue_full;
    const std::uint64_t id = ++last_id_;
    open_.push_back(published);
    sent.push_back({id, std::move(topic), std::move(payload), retained, std::move(published)});
    return id;
  }
  void subscribe(std::string filter) override {
    if (!connected_) return;
    asked.push_back(filter);
    filters.insert(std::move(filter));
  }
  void unsubscribe(std::string filter) override { filters.erase(filter); }
  void renew() override {
    if (!connected_) return;
    ++renewals;
    drop("begun anew");
  }
  void watch(bool wanted) override { closely = wanted; }
  void set_addresses(std::vector<std::string> to) override { addresses = std::move(to); }
  void close(std::chrono::milliseconds, std::function<void()> done) override {
    acknowledge();
    connected_ = false;
    closed = true;
    handlers_ = {};
    if (done) done();
  }

 private:
  void prepare() {
    protocol::ConnectTerms terms = handlers_.prepare_connect();
    will = std::move(terms.will);
    tls_time = terms.tls_time;
    dates_may_mislead = terms.dates_may_mislead;
    credentials = std::move(terms.credentials);
    ca_pem = terms.ca_pem;
  }
  void answer_all(protocol::PublishOutcome outcome) {
    std::deque<Published> open;
    open.swap(open_);  // an answer may publish again
    for (Published& published : open)
      if (published) published(outcome);
  }

  protocol::LinkHandlers handlers_;
  std::deque<Published> open_;
  std::uint64_t last_id_ = 0;
  std::uint64_t session_ = 0;
  bool connected_ = false;
};

}  // namespace loa::tests
