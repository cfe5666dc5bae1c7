// Small texts from outside: each has one spelling, or is refused.
#include "protocol/base64url.hpp"
#include "protocol/json_document.hpp"
#include "protocol/link_address.hpp"
#include "protocol/topics.hpp"
#include "protocol/utf8.hpp"
#include "scheduler/local_time.hpp"
#include "scheduler/time.hpp"
#include "tests/fuzz/target.hpp"

#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

namespace loa::fuzz {
namespace {

using namespace protocol;

void base64url(std::string_view bytes) {
  if (const auto decoded = from_base64url(bytes)) demand(to_base64url(*decoded) == bytes, "base64url has one spelling");
  const auto text = to_base64url(bytes);
  demand(from_base64url(text) == bytes, "what is encoded decodes to the same");
}
std::vector<std::string> base64url_seeds() { return {"", "AA", "AAA", "AAAA", "Zm9vYmFyYmF6cXV4MTIzNA", "-_-_", "AB=="}; }

void json_document(std::string_view bytes) {
  const auto value = parse_json(bytes);
  if (!value) {
    demand(!value.error().message.empty(), "a refusal says what is wrong");
    demand(!first_invalid_utf8(value.error().where), "a refusal is text");
    return;
  }
  demand(!first_invalid_utf8(bytes), "only UTF-8 is read");
  const auto text = boost::json::serialize(*value);
  const auto again = parse_json(text);
  demand(again.has_value() && *again == *value, "what is written reads as the same value");
}
std::vector<std::string> json_seeds() {
  return {R"({"a":[1,-2,3.5,1e3,true,false,null,"\u00e9\n"],"b":{"c":{}}})", R"([[[[[[[[1]]]]]]]])", R"({"a":1,"a":2})", "0", "\"\"", R"("\ud83d\ude00")"};
}

void topic(std::string_view bytes) {
  const auto topic = parse_topic(bytes);
  if (!topic) {
    demand(!topic.error().message.empty(), "a refusal says what is wrong");
    return;
  }
  std::string text;
  switch (topic->type) {
    case MessageType::keys: text = keys_topic(topic->format); break;
    case MessageType::controller_state: text = controller_state_topic(topic->format); break;
    case MessageType::alert: text = alert_topic(topic->id, topic->format); break;
    case MessageType::head: text = head_topic(topic->id); break;
    case MessageType::plan: text = plan_topic(topic->id); break;
    case MessageType::order: text = order_topic(topic->id); break;
    case MessageType::log_ack: text = log_ack_topic(topic->id); break;
    case MessageType::state: text = state_topic(topic->id); break;
    case MessageType::receipt: text = receipt_topic(topic->id); break;
    case MessageType::log: text = log_topic(topic->id); break;
    default: return;
  }
  demand(text == bytes, "a topic has one spelling");
}
std::vector<std::string> topic_seeds() {
  const std::string node = "n-qhzr4vd3xk7m2tbw5ycpns6a4e";
  return {keys_topic(), controller_state_topic(), alert_topic("hue-19753"), head_topic(node), plan_topic(node), order_topic(node), log_ack_topic(node),
          state_topic(node), receipt_topic(node), log_topic(node), keys_topic(2)};
}

// First byte: the limit of what may be shown.
void printable_text(std::string_view bytes) {
  Bytes input(bytes);
  const std::size_t limit = input.byte();
  const auto shown = printable(input.rest(), limit);
  demand(shown.size() <= limit, "what is shown is no longer than its limit");
  demand(!first_invalid_utf8(shown), "what is shown is UTF-8");
  for (const char c : shown) demand(static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t', "what is shown has no control characters");
  if (const auto at = first_invalid_utf8(input.rest())) demand(*at < input.rest().size(), "the first bad byte is in the text");
}
std::vector<std::string> printable_seeds() { return {"\x10Lũ trên sông Hương", "\x03\xe1\xbb\xad", "\xff\xf0\x9f\x98\x80\xc0\x80\xed\xa0\x80", "\x40" "a\x1b[31mb\r\n"}; }

void moment(std::string_view bytes) {
  if (const auto time = scheduler::parse_rfc3339(bytes)) demand(scheduler::parse_rfc3339(scheduler::to_rfc3339(*time)) == time, "a time that is written is the same time");
  if (const auto time = scheduler::parse_basic(bytes)) demand(scheduler::to_basic(*time) == bytes, "a basic time has one spelling");
  if (const auto time = scheduler::parse_local(bytes)) demand(scheduler::to_text(*time) == bytes, "a local time has one spelling");
}
std::vector<std::string> moment_seeds() {
  return {"2026-11-24T06:00:00Z", "2026-11-24T13:00:00.250+07:00", "20261124T060000Z", "2026-11-24T06:00:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:60Z"};
}

void address(std::string_view bytes) {
  const auto address = parse_broker_address(bytes);
  if (!address) {
    demand(!address.error().message.empty(), "a refusal says what is wrong");
    return;
  }
  demand(address->port != 0 && !address->host.empty(), "an address has a host and a port");
}
std::vector<std::string> address_seeds() { return {"mqtts://loa.hue.example:8883", "mqtts://[::1]:1", "mqtts://10.0.0.1:65535", "mqtt://x:1"}; }

const Registration kBase64url{{"base64url", base64url, base64url_seeds, 512}};
const Registration kJson{{"json_document", json_document, json_seeds, 4096}};
const Registration kTopic{{"topic", topic, topic_seeds, 256}};
const Registration kPrintable{{"printable", printable_text, printable_seeds, 512}};
const Registration kMoment{{"time", moment, moment_seeds, 64}};
const Registration kAddress{{"broker_address", address, address_seeds, 256}};

}  // namespace
}  // namespace loa::fuzz
