#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace loa::tests {

/// One PUBLISH on its way from the broker to a node (MQTT 3.1.1, section 3.3).
struct Publication {
  std::string topic;
  std::string payload;
  bool retained = false;
};

/// A broker that is not on our side: it has the true broker's certificate and stands between it and the nodes, reads everything, and
/// gives on what its rule says. It has no key that signs. Its own thread; everything here may be called from any.
class HostileBroker {
 public:
  /// A node's TLS certificate and key (PEM), with which it goes on to the true broker in the node's name.
  struct Identity {
    std::string certificate_pem;
    std::string key_pem;
  };
  struct Settings {
    std::uint16_t port = 0;           ///< where nodes find it, on the loopback
    std::uint16_t broker_port = 0;    ///< the true broker's
    std::string certificate_pem;      ///< of the broker
    std::string key_pem;
    std::function<Identity(const std::string& node)> identity;
  };
  /// What goes on to the node in place of one publication: nothing, itself, or others in any order.
  using Rule = std::function<std::vector<Publication>(const std::string& node, const Publication& one)>;

  /// Listens at once. Throws boost::system::system_error where it cannot.
  explicit HostileBroker(Settings settings);
  ~HostileBroker();

  /// From now on every publication goes through `rule`, which runs on the broker's thread.
  void obey(Rule rule);
  /// Gives everything on as it is.
  void behave() { obey({}); }
  /// Sends a node something of its own; false where the node is not connected.
  bool say(const std::string& node, const Publication& one);
  /// Ends the node's connection; it may come again.
  void cut(const std::string& node);

  /// Everything that the true broker sent to a node so far whose topic holds `part`, in order.
  std::vector<Publication> heard(const std::string& node, const std::string& part = "") const;
  /// How many sessions a node began here.
  int sessions(const std::string& node) const;

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace loa::tests
