// The file by which a controller asks the holder of the root key for a signature: it comes on a stick, from a machine that may be somebody's.
#include "controller/authority/key_request.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

void read_and_write(std::string_view bytes) {
  const auto request = authority::decode_key_request(bytes);
  if (!request) {
    demand(!request.error().message.empty() && request.error().message.size() <= 500, "a refusal says what is wrong, and stays short");
    return;
  }
  const auto text = authority::encode(*request);
  const auto again = authority::decode_key_request(text);
  demand(again.has_value() && *again == *request, "what was written reads as the same value");
}

std::vector<std::string> good() {
  authority::KeyRequest request;
  request.made = scheduler::from_ms(1'795'500'000'000);
  protocol::SigningKey key;
  key.kid = "k-hue-1";
  key.public_key.fill(7);
  key.may_sign = authority::working_types();
  key.branch = "hue";
  key.not_before = request.made;
  key.not_after = request.made + authority::kWorkingKeyLife;
  request.keys = {key};
  return {authority::encode(request)};
}

const Registration kRequest{{"key_request", read_and_write, good}};

}  // namespace
}  // namespace loa::fuzz
