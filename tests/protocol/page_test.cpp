#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "protocol/enum_names.hpp"
#include "protocol/limits.hpp"
#include "protocol/reasons.hpp"
#include "protocol/refusal.hpp"
#include "protocol/topics.hpp"
#include "tests/protocol/samples.hpp"
#include "tests/support/places.hpp"

namespace samples = loa::protocol::samples;
using namespace loa::protocol;

namespace {

const std::string& page() {
  static const std::string text = [] {
    std::ifstream file{loa::tests::source_folder() / "PROTOCOL.md"};
    return std::string{std::istreambuf_iterator<char>{file}, {}};
  }();
  return text;
}

bool has(const std::string& part) { return page().find(part) != std::string::npos; }

/// The fenced JSON after the mark of a golden sample; empty where there is none.
std::string example(const std::string& name) {
  const std::string mark = "<!-- golden: " + name + ".json -->\n```json\n";
  const auto start = page().find(mark);
  if (start == std::string::npos) return {};
  const auto end = page().find("\n```", start + mark.size());
  return page().substr(start + mark.size(), end - start - mark.size());
}

}  // namespace

TEST_CASE("the examples of PROTOCOL.md are the golden samples") {
  for (const auto& message : samples::all_messages()) {
    INFO(message.name);
    const std::string shown = example(message.name);
    REQUIRE_FALSE(shown.empty());
    CHECK(boost::json::parse(shown) == boost::json::parse(samples::golden(message.name + ".json")));
  }
}

TEST_CASE("PROTOCOL.md lists every refusal code") {
  for (int code = 0; *name_of(static_cast<RefusalCode>(code)) != '\0'; ++code) {
    INFO(name_of(static_cast<RefusalCode>(code)));
    CHECK(has(std::string{"\n| `"} + name_of(static_cast<RefusalCode>(code)) + "` | "));
  }
}

TEST_CASE("PROTOCOL.md lists every reason as the code does") {
  for (const Reason& reason : kReasons) {
    const std::string word = reason.word.empty() ? "(empty)" : "`" + std::string{reason.word} + "`";
    INFO(word);
    CHECK(has("\n| " + word + " | " + std::string{reason.meaning} + " |\n"));
  }
}

TEST_CASE("PROTOCOL.md shows every topic with its type, and whether it is retained") {
  const std::vector<std::string> topics{
      keys_topic(),          head_topic("{node}"),    plan_topic("{node}"),  alert_topic("{area}"),
      order_topic("{node}"), log_ack_topic("{node}"), state_topic("{node}"), receipt_topic("{node}"),
      log_topic("{node}"),   controller_state_topic(), certificate_request_topic("{node}"), certificate_topic("{node}")};
  for (const std::string& topic : topics) {
    INFO(topic);
    std::string real = topic;
    if (const auto at = real.find('{'); at != std::string::npos) real.replace(at, 6, "x");
    const MessageType type = parse_topic(real).value().type;
    CHECK(has("\n| `" + topic + "` | `" + name_of(type) + "` | " + (is_retained(type) ? "yes" : "no")));
  }
}

namespace {

template <class E>
std::pair<std::string, std::string> words_of(const std::string& field) {
  std::string words;
  for (int index = 0; index < kCountOf<E>; ++index) words += (index > 0 ? ", `" : "`") + std::string{name_of(static_cast<E>(index))} + "`";
  return {field, words};
}

}  // namespace

TEST_CASE("PROTOCOL.md names every word that a field may say") {
  using namespace loa::scheduler;
  const std::vector<std::pair<std::string, std::string>> rows{
      words_of<Class>("`class`"), words_of<ItemKind>("`kind` of an item"), words_of<AfterInterrupt>("`after_interrupt`"), words_of<LateRule>("`late`"),
      words_of<AlertMessage>("`message` of an alert"), words_of<AlertStatus>("`status` of an alert"), words_of<OrderKind>("`kind` of an order"),
      words_of<Lifecycle>("`lifecycle`"), words_of<ClockQuality>("`clock`"), words_of<LevelKind>("`level_kind`"), words_of<Amplifier>("`amplifier`"),
      words_of<DiskHealth>("`disk`"), words_of<Supply>("`supply`"), words_of<Outcome>("`outcome`")};
  for (const auto& [field, words] : rows) {
    INFO(field);
    CHECK(has("\n| " + field + " | " + words + " |\n"));
  }
}

TEST_CASE("PROTOCOL.md states the limits of the code") {
  struct Row {
    std::string what;
    std::size_t most;
    std::string unit;
  };
  const std::vector<Row> rows{
      {"a plan, inflated", kMaxPlanJson, " bytes"},
      {"a plan, deflated", kMaxPlanDeflated, " bytes"},
      {"a state, inflated", kMaxStateJson, " bytes"},
      {"a plan, signed", max_signed(MessageType::plan), " bytes"},
      {"a log batch, signed", max_signed(MessageType::log), " bytes"},
      {"keys, alerts and bulletins, signed", max_signed(MessageType::keys), " bytes"},
      {"any other message, signed", max_signed(MessageType::state), " bytes"},
      {"a bundle", kMaxBundle, " bytes"},
      {"protected header in base64url", kMaxHeader, " bytes"},
      {"nested objects and lists", kMaxDepth, ""},
      {"areas of a chain", kMaxAreas, ""},
      {"occurrences of a plan", kMaxOccurrences, ""},
      {"items, substitutes, streams", kMaxItems, ""},
      {"stock clips", kMaxStock, ""},
      {"volume and fallback hours", kMaxHours, ""},
      {"addresses of a kind", kMaxAddresses, ""},
      {"alerts of an area", kMaxAlerts, ""},
      {"references of an alert", kMaxReferences, ""},
      {"keys of a set", kMaxKeys, ""},
      {"authorities of a key set", kMaxAuthorities, ""},
      {"formats of a state", kMaxFormats, ""},
      {"records of a batch", kMaxRecords, ""},
      {"a title", kMaxTitle, " bytes"},
      {"a refusal's sentence or place", kMaxMessage, " bytes"},
      {"a word (legal field, event, stock clip name, version)", kMaxWord, " bytes"},
      {"an address", kMaxUrl, " bytes"},
      {"a PEM text", kMaxPem, " bytes"},
      {"a request for a certificate, PEM", kMaxCsr, " bytes"},
      {"a node's certificate, PEM", kMaxCertificate, " bytes"},
      {"an authority of a key set", kMaxAuthority, " bytes"},
  };
  for (const Row& row : rows) {
    INFO(row.what);
    CHECK(has("\n| " + row.what + " | " + std::to_string(row.most) + row.unit + " |\n"));
  }
}
