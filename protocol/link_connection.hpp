#pragma once
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "protocol/link.hpp"
#include "protocol/link_address.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/link_tls.hpp"

struct mosquitto;
struct mosquitto_message;

namespace loa::protocol {

/// One attempt and, when it succeeds, one MQTT session: a libmosquitto client that lives no longer than its connection,
/// so that nothing of an earlier session is sent again. All calls on the link's thread.
class LinkConnection {
 public:
  /// Called from within step(), on the link's thread.
  struct Events {
    std::function<void(LinkMessage)> message;
    std::function<void(std::uint64_t publication)> acknowledged;
  };

  LinkConnection(const LinkSettings& settings, Events events);
  ~LinkConnection();
  LinkConnection(const LinkConnection&) = delete;
  LinkConnection& operator=(const LinkConnection&) = delete;

  /// Starts to connect to `ip`, one of the host's addresses; the certificate must be the host's. Returns why that cannot be, or nothing.
  std::optional<std::string> begin(const BrokerAddress& address, const std::string& ip, const ConnectTerms& terms);
  /// Waits for the network, for `wake` to be readable, or for `limit`, and does what is due; returns why the
  /// connection has ended, or nothing.
  std::optional<std::string> step(int wake, std::chrono::milliseconds limit);
  /// Whether something took the TCP connection.
  bool reached() const { return reached_; }
  /// Whether CONNACK has come.
  bool accepted() const { return accepted_; }
  /// Whether the broker's certificate was refused for its dates; what is checked after them was not looked at then.
  bool refused_for_dates() const { return refused_for_dates_; }
  /// How many publications wait for PUBACK.
  std::size_t open() const { return numbers_.size(); }

  void publish(std::uint64_t publication, const std::string& topic, const std::string& payload, bool retained);
  /// All in one packet.
  void subscribe(const std::vector<std::string>& filters);
  void unsubscribe(const std::string& filter);
  /// Once accepted: asks the far side's kernel for a byte after so long without one; 0: never.
  void probe(std::chrono::seconds idle);
  /// Sends DISCONNECT, so that the broker drops the will; step() then returns when it is gone.
  void farewell();

 private:
  struct Free {
    void operator()(mosquitto* client) const;
  };
  std::optional<std::string> handshake(short ready);
  std::optional<std::string> ended(int rc);
  bool hangs();
  int on_the_way() const;
  void limit_loss();
  void option(int level, int name, unsigned value) const;
  short interest() const;
  void alerted(const SSL* ssl, bool by_peer, int alert);
  void received(const mosquitto_message& message);
  static LinkConnection& self(void* object) { return *static_cast<LinkConnection*>(object); }
  void set_callbacks();

  const LinkSettings& settings_;
  Events events_;
  SslContext context_;
  std::unique_ptr<mosquitto, Free> client_;
  std::chrono::steady_clock::time_point quiet_since_{};  // the broker owes an answer since then, and nothing has come
  std::map<int, std::uint64_t> numbers_;  // MQTT packet identifier -> publication
  std::string server_name_;               // for SNI (RFC 6066); empty where the host is an IP address
  std::chrono::seconds probe_{0};
  bool loss_limited_ = false;             // TCP_USER_TIMEOUT stands
  bool reached_ = false;
  bool secured_ = false;                  // TLS handshake done
  bool accepted_ = false;
  bool refused_for_dates_ = false;
  std::string refused_;     // by CONNACK
  std::string tls_alert_;   // the fatal one that ended the connection
  std::string last_error_;  // as libmosquitto logged it
};

}  // namespace loa::protocol
