#pragma once
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <set>
#include <string>

#include "controller/authority/certificates.hpp"
#include "controller/broadcast/outbox.hpp"
#include "controller/broadcast/roster.hpp"
#include "controller/broadcast/signer.hpp"
#include "controller/store/store.hpp"
#include "protocol/messages.hpp"

namespace loa::broadcast {

/// What the certifier asks of the rest of the controller.
struct CertifierHandlers {
  /// A certificate for the request of this node; throws std::invalid_argument where the request cannot have one.
  std::function<authority::IssuedCertificate(const std::string& csr_pem, const std::string& node)> issue;
  /// What a certificate of this node says that was given to it before; throws std::invalid_argument where none of the authorities here gave it to
  /// this node.
  std::function<authority::IssuedCertificate(const std::string& certificate_pem, const std::string& node)> check;
  /// Counts a request that was refused: a code and a sentence.
  std::function<void(const std::string& node, const std::string& code, const std::string& message)> refuse;
  /// Nothing could be signed, and why.
  std::function<void(const protocol::Refusal&)> put_off;
};

/// Answers nodes that ask for keys of their own: the keys are in the store before the answer leaves, and the same request is answered
/// alike. A node asks again until it is answered, so that what is dropped here (kMostAtOnce) costs it a moment. On the loop.
class Certifier {
 public:
  Certifier(store::Store& store, Roster& roster, Signer& signer, Outbox& outbox, CertifierHandlers handlers);

  /// `request` was signed by the keys that `known` speaks with.
  void take(const KnownNode& known, const protocol::CertificateRequest& request);
  /// A node shows the signed message in which it was given keys, because the controller seems not to know them: a store that came back from a
  /// backup. They are offered again where they are newer than all that the store knows of the node, a key that counts still for the node's branch signed for them,
  /// and one of the authorities here gave the certificate to this node; where they are older, another board may have used its bundle: refused as kBundleUsedTwice.
  void introduce(const KnownNode& known, const std::string& answer);
  bool idle() const { return x_busy.empty(); }

  static constexpr std::size_t kMostAtOnce = 64;
  /// New keys of one node within a day.
  static constexpr int kMostADay = 10;

 private:
  boost::asio::awaitable<void> certify(std::string node, protocol::CertificateRequest request);
  boost::asio::awaitable<void> keep_introduced(store::NodeKeys keys);
  boost::asio::awaitable<bool> keep(const store::NodeKeys& keys);
  protocol::Result<protocol::Certificate> own_word(const KnownNode& known, const std::string& answer) const;
  bool may_have(const KnownNode& known, const protocol::CertificateRequest& request);
  void publish(const KnownNode& known, const store::NodeKeys& keys);

  store::Store& x_store;
  Roster& x_roster;
  Signer& x_signer;
  Outbox& x_outbox;
  CertifierHandlers x_handlers;
  std::set<std::string> x_busy;  ///< nodes whose request is being written
};

}  // namespace loa::broadcast
