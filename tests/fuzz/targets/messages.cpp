// Each message's JSON: what is read and written again is the same text, and reads as the same value; what is refused says why.
#include "protocol/bundle.hpp"
#include "protocol/codec.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

using namespace protocol;

void check(const Refusal& refusal) {
  demand(!refusal.message.empty(), "a refusal says what is wrong");
  demand(refusal.message.size() <= 500 && refusal.where.size() <= 500, "a refusal stays short");
  demand(refusal.where.empty() || refusal.where.front() == '/', "a refusal's place is a JSON pointer");
}

// What people wrote about an error is cut and cleaned when it is written, so those values may differ once.
template <auto kDecode, bool kCleaned = false>
void read_and_write(std::string_view bytes) {
  const auto value = kDecode(bytes);
  if (!value) return check(value.error());
  const auto text = encode(*value);
  const auto again = kDecode(text);
  demand(again.has_value(), "what was written is read");
  if (!kCleaned) demand(*again == *value, "what was written reads as the same value");
  demand(encode(*again) == text, "the same value is written as the same text");
}

Result<Head> head(std::string_view json) { return decode_head(json); }
Result<scheduler::Plan> plan(std::string_view json) { return decode_plan(json); }
Result<scheduler::AlertSnapshot> alert(std::string_view json) { return decode_alert(json); }
Result<Order> order(std::string_view json) { return decode_order(json); }
Result<LogAck> log_ack(std::string_view json) { return decode_log_ack(json); }
Result<State> state(std::string_view json) { return decode_state(json); }
Result<Receipt> receipt(std::string_view json) { return decode_receipt(json); }
Result<LogBatch> log(std::string_view json) { return decode_log(json); }
Result<CertificateRequest> certificate_request(std::string_view json) { return decode_certificate_request(json); }
Result<Certificate> certificate(std::string_view json) { return decode_certificate(json); }

template <std::size_t N>
struct Name {
  constexpr Name(const char (&from)[N]) { std::copy_n(from, N, text); }
  char text[N];
};
template <Name kName>
std::vector<std::string> golden() {
  return {file_of_checkout(std::string("tests/golden/") + kName.text + ".json")};
}
std::vector<std::string> record_of_log() {
  const auto text = file_of_checkout("tests/golden/log.json");
  const auto begin = text.find("\"records\":[") + 11;
  return {text.substr(begin, text.find("},{", begin) + 1 - begin)};
}

const Registration kKeys{{"message_keys", read_and_write<decode_keys>, golden<"keys">}};
const Registration kHead{{"message_head", read_and_write<head>, golden<"head">}};
const Registration kPlan{{"message_plan", read_and_write<plan>, golden<"plan">}};
const Registration kAlert{{"message_alert", read_and_write<alert>, golden<"alert">}};
const Registration kOrder{{"message_order", read_and_write<order>, golden<"order">}};
const Registration kLogAck{{"message_log_ack", read_and_write<log_ack>, golden<"log-ack">}};
const Registration kState{{"message_state", read_and_write<state, true>, golden<"state">}};
const Registration kReceipt{{"message_receipt", read_and_write<receipt, true>, golden<"receipt">}};
const Registration kLog{{"message_log", read_and_write<log>, golden<"log">}};
const Registration kControllerState{{"message_controller_state", read_and_write<decode_controller_state>, golden<"controller-state">}};
const Registration kCertificateRequest{{"message_certificate_request", read_and_write<certificate_request>, golden<"certificate-request">}};
const Registration kCertificate{{"message_certificate", read_and_write<certificate>, golden<"certificate">}};
const Registration kRecord{{"message_record", read_and_write<decode_record>, record_of_log}};
const Registration kBundle{{"bundle", read_and_write<decode_bundle>, golden<"bundle">}};

}  // namespace
}  // namespace loa::fuzz
