#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "protocol/link.hpp"
#include "protocol/link_resolve.hpp"

namespace loa::protocol {

/// What a MosquittoLink is made with; PEM texts, not file names.
struct LinkSettings {
  std::vector<std::string> addresses;  ///< one to three `mqtts://host:port`; after a failure the next is tried, round and round
  std::string client_id;               ///< equal to the certificate's common name
  std::string ca_pem;                  ///< who may have issued the broker's certificate
  std::string certificate_pem;         ///< own, followed by its chain below the CA
  std::string key_pem;
  std::chrono::seconds keepalive{60};              ///< with nothing else to say, one ping each
  /// Without a byte from the far side for so long, its kernel is asked for one (TCP keep-alive: a third of the bytes of a ping), three times; then the line
  /// counts as cut. 0: never. `probe_closely`: while watch(true).
  std::chrono::seconds probe{0};
  std::chrono::seconds probe_closely{0};
  std::chrono::milliseconds lost_limit{30000};     ///< for the far side's kernel to take what was sent (TCP_USER_TIMEOUT); then the line counts as cut
  std::chrono::milliseconds unanswered_limit{60000};  ///< for any byte from a broker that took a publication and owes its PUBACK; then it counts as hanging
  std::size_t max_message_bytes = 1024 * 1024;  ///< topic and payload, either way; a larger one that arrives is dropped
  std::size_t max_in_flight = 512;             ///< publications without PUBACK; one more is refused
  std::size_t max_inbound = 1024;              ///< messages that the loop has yet to handle; then nothing more is read
  std::chrono::milliseconds backoff_base{1000};
  std::chrono::milliseconds backoff_cap{60000};
  std::chrono::milliseconds stable_after{60000};  ///< a shorter session counts as a failed attempt
  std::chrono::milliseconds connect_limit{15000}; ///< to CONNACK, shared by the host's IP addresses until one takes the connection
  std::function<std::vector<std::string>(const std::string& host)> resolve = protocol::resolve;  ///< on the link's thread
};

/// Link over libmosquitto (MQTT 3.1.1, mutual TLS 1.2 or newer) on a thread of its own, which only posts to the loop.
class MosquittoLink final : public Link {
 public:
  /// Throws std::invalid_argument where settings cannot work: addresses, id, certificate, key or CA.
  MosquittoLink(boost::asio::any_io_executor loop, LinkSettings settings);
  /// Drops the connection as if the process had died, and waits for the thread.
  ~MosquittoLink() override;

  void start(LinkHandlers handlers) override;
  bool connected() const override;
  boost::system::result<std::uint64_t, PublishError> publish(std::string topic, std::string payload, bool retained,
                                                             Published published = {}) override;
  void subscribe(std::string filter) override;
  void unsubscribe(std::string filter) override;
  void renew() override;
  void watch(bool closely) override;
  void set_addresses(std::vector<std::string> addresses) override;
  void close(std::chrono::milliseconds limit, std::function<void()> closed) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // shared with handlers posted to the loop, which may outlive the link
};

}  // namespace loa::protocol
