#pragma once
#include <string>
#include <vector>

#include "protocol/bundle.hpp"
#include "protocol/ed25519.hpp"
#include "protocol/messages.hpp"

namespace loa::protocol::samples {

/// One fixed value of each message, with every field away from its default; tests/golden holds what they look
/// like when written.
KeySet keys();
Head head();
scheduler::Plan plan();
scheduler::AlertSnapshot alert();
Order order();
LogAck log_ack();
State state();
Receipt receipt();
LogBatch log();
ControllerState controller_state();
CertificateRequest certificate_request();
Certificate certificate();
Bundle bundle();

/// The moment at which the samples are signed.
TimePoint now();

/// The keys of tests/golden: `root`, `controller` or `node`. They guard nothing.
PrivateKey test_key(const std::string& name);

/// The whole of a file of tests/golden.
std::string golden(const std::string& name);

inline const std::string kNode = "n-qhzr4vd3xk7m2tbw5ycpns6a4e";
inline const std::vector<std::string> kChain{"hue", "hue-19753"};
inline const std::string kKid = "hue-2026-1";

/// One message type with its golden text and the two directions of the codec, so that rules for all are
/// tested over all.
struct Message {
  std::string name;                                       ///< of the golden file, without ".json"
  std::string json;                                       ///< what the codec writes for the sample
  Result<std::string> (*rewrite)(std::string_view json);  ///< decodes and encodes again
};

/// All messages, the bundle and a play record alone.
std::vector<Message> all_messages();

}  // namespace loa::protocol::samples
