#pragma once
#include <boost/system/result.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "scheduler/time.hpp"

namespace loa::protocol {

/// The message that the broker sends for us when the connection ends without a farewell (MQTT 3.1.1, 3.1.2.5); QoS 1.
struct LinkWill {
  std::string topic;
  std::string payload;
  bool retained = true;
};

/// With what a client proves who it is, as PEM texts.
struct LinkCredentials {
  std::string certificate_pem;  ///< own, followed by its chain below the CA
  std::string key_pem;
};

/// What one attempt to connect is made with; asked anew before each, so that the will carries the coming session.
struct ConnectTerms {
  std::optional<LinkWill> will;
  std::optional<scheduler::TimePoint> tls_time;  ///< certificate dates are checked against it; nothing: chains and names only
  std::optional<LinkCredentials> credentials = {};  ///< in place of those of the link's settings
  std::optional<std::string> ca_pem = {};  ///< authorities trusted in place of those of the link's settings
  /// `tls_time` may be wrong: where the broker's certificate is refused for its dates, the next attempt, to the same address, checks none.
  bool dates_may_mislead = false;
};

/// One connection that the broker has accepted.
struct LinkSession {
  std::uint64_t number = 0;  ///< rises by one with each connection of this link, from 1
  std::string address;       ///< the one of the settings that answered
};

/// A message as it arrived.
struct LinkMessage {
  std::string topic;
  std::string payload;
  bool retained = false;  ///< delivered because of a subscription, not because it was published just now
  int qos = 0;
};

/// How a publication ended. Acknowledged means that the broker read it, never that it was allowed.
enum class PublishOutcome {
  acknowledged,  ///< PUBACK came
  lost           ///< the connection ended first: the broker may or may not have it
};

/// Why a publication was not taken; nothing was sent.
enum class PublishError {
  not_connected,  ///< there is no session; whoever is connected next publishes what then holds
  queue_full,     ///< as many publications as allowed wait for their PUBACK
  too_large       ///< topic and payload are above LinkSettings::max_message_bytes
};
const char* name_of(PublishError error);  ///< "not_connected", …

/// Called by boost::system::result when value() is taken of an error: a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(PublishError error, const boost::source_location&) {
  throw std::logic_error(std::string("unchecked publish error: ") + name_of(error));
}

/// What a link tells its owner, each on the owner's loop and never from within a call to the link.
struct LinkHandlers {
  std::function<ConnectTerms()> prepare_connect;          ///< before every attempt; must be set
  std::function<void(const LinkSession&)> connected;      ///< no subscription is left of earlier sessions
  std::function<void(const std::string& reason)> disconnected;  ///< a session ended, or an attempt failed
  std::function<void(const LinkMessage&)> message;
};

/// The MQTT connection of a controller or node: QoS 1, clean sessions, reconnects by itself until closed.
/// All calls on the loop. Nothing survives a lost session: subscriptions and publications are made anew in `connected`.
class Link {
 public:
  using Published = std::function<void(PublishOutcome)>;
  virtual ~Link() = default;

  /// Begins to connect and never gives up; at most once.
  virtual void start(LinkHandlers handlers) = 0;
  /// Whether there is a session, as the loop has been told so far.
  virtual bool connected() const = 0;
  /// Sends with QoS 1; returns the publication's number, or why nothing was sent. `published` is called once if it was taken.
  virtual boost::system::result<std::uint64_t, PublishError> publish(std::string topic, std::string payload,
                                                                     bool retained, Published published = {}) = 0;
  /// Asks for a topic filter with QoS 1; without a session it does nothing.
  virtual void subscribe(std::string filter) = 0;
  /// Ends a subscription; without a session it does nothing.
  virtual void unsubscribe(std::string filter) = 0;
  /// Ends the session with a farewell and begins another after the back-off, because the far side seems not to know us as it
  /// should; `disconnected` follows. Without a session it does nothing.
  virtual void renew() = 0;
  /// While `closely`, a line that is cut without a word is found sooner, at the price of a few more bytes; over sessions, too.
  virtual void watch(bool closely) = 0;
  /// Where to connect from the next attempt on, in order of preference; a session that is there goes on. What is no address is passed
  /// over, and a list without any changes nothing.
  virtual void set_addresses(std::vector<std::string> addresses) = 0;
  /// Waits at most `limit` for open PUBACKs, says farewell (no will is sent), then calls `closed`; no other handler after it.
  virtual void close(std::chrono::milliseconds limit, std::function<void()> closed) = 0;
};

}  // namespace loa::protocol
