#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "protocol/codec.hpp"
#include "protocol/json_document.hpp"
#include "tests/protocol/samples.hpp"

namespace json = boost::json;
namespace samples = loa::protocol::samples;
using namespace loa::protocol;

namespace {

/// What to write in the place of the member at a pointer; it gets the member as it would be written.
using Change = std::function<std::string(const std::string& name, const json::value& value)>;

std::string member(const std::string& name, const json::value& value) {
  return json::serialize(json::value(name)) + ":" + json::serialize(value);
}

/// Writes `value` anew with the member at `target` changed; an empty answer leaves it out.
std::string write_changed(const json::value& value, const std::string& here, const std::string& target,
                          const Change& change) {
  std::string out;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) out += (out.empty() ? "" : ",") + text;
  };
  if (const auto* object = value.if_object()) {
    for (const auto& each : *object) {
      const std::string name{each.key()};
      const std::string where = here + "/" + name;
      add(where == target ? change(name, each.value())
                          : json::serialize(json::value(name)) + ":" +
                                write_changed(each.value(), where, target, change));
    }
    return "{" + out + "}";
  }
  if (const auto* array = value.if_array()) {
    for (std::size_t index = 0; index < array->size(); ++index) {
      add(write_changed((*array)[index], here + "/" + std::to_string(index), target, change));
    }
    return "[" + out + "]";
  }
  return json::serialize(value);
}

/// Pointers of all members of all objects, those of `refusals` apart, whose names are free.
void collect(const json::value& value, const std::string& here, std::vector<std::string>& pointers) {
  if (here == "/refusals") return;
  if (const auto* object = value.if_object()) {
    for (const auto& each : *object) {
      const std::string where = here + "/" + std::string{each.key()};
      pointers.push_back(where);
      collect(each.value(), where, pointers);
    }
  } else if (const auto* array = value.if_array()) {
    for (std::size_t index = 0; index < array->size(); ++index) {
      collect((*array)[index], here + "/" + std::to_string(index), pointers);
    }
  }
}

struct Refused {
  std::string code;
  std::string where;
  std::string message;
  bool operator==(const Refused&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Refused& refused) {
  return out << refused.code << " at " << refused.where << ": " << refused.message;
}

template <class T>
Refused refusal_of(const Result<T>& result) {
  if (result) return {"taken", "", ""};
  return {name_of(result.error().code), result.error().where, result.error().message};
}

/// Calls `row(message, pointer, text)` with the text of every message changed at every one of its members.
void for_every_member(
    const Change& change,
    const std::function<void(const samples::Message&, const std::string&, const std::string&)>& row) {
  for (const auto& message : samples::all_messages()) {
    const json::value document = json::parse(message.json);
    std::vector<std::string> pointers;
    collect(document, "", pointers);
    for (const auto& pointer : pointers) row(message, pointer, write_changed(document, "", pointer, change));
  }
}

std::string last_step(const std::string& pointer) { return pointer.substr(pointer.rfind('/') + 1); }

const std::set<std::string> kOptional{"origin",       "started",        "start_error_us", "level_dbfs",
                                      "last_refusal", "signal_percent", "revoked",        "clip",
                                      "authorities",
                                      "clock_bound_ms", "amplifier",    "amplifier_dbfs", "disk",
                                      "supply",         "supply_mv",    "temperature_c",  "data_used",
                                      "data_budget",    "safe_mode",    "stand_in"};

/// A play record's text with one part replaced by another.
std::string state_with(const std::string& part, const std::string& replacement) {
  std::string text = encode(samples::state());
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  return text.replace(at, part.size(), replacement);
}

}  // namespace

TEST_CASE("a missing field is refused with its place, unless it is optional") {
  const Change leave_out = [](const auto&, const auto&) { return std::string{}; };
  for_every_member(leave_out, [](const auto& message, const auto& pointer, const auto& text) {
    INFO(message.name << " without " << pointer);
    const auto refused = refusal_of(message.rewrite(text));
    if (kOptional.contains(last_step(pointer))) {
      CHECK(refused.code == "taken");
    } else {
      CHECK(refused == Refused{"malformed", pointer, "the field is missing"});
    }
  });
}

TEST_CASE("a doubled field is refused with its place, even with the same value twice") {
  const Change twice = [](const auto& name, const auto& value) {
    return member(name, value) + "," + member(name, value);
  };
  for_every_member(twice, [](const auto& message, const auto& pointer, const auto& text) {
    INFO(message.name << " with two " << pointer);
    CHECK(refusal_of(message.rewrite(text)) == Refused{"malformed", pointer, "the field stands twice"});
  });
}

TEST_CASE("an unknown field is refused with its place, in every object") {
  const Change beside = [](const auto& name, const auto& value) {
    return member(name, value) + ",\"colour\":1";
  };
  for_every_member(beside, [](const auto& message, const auto& pointer, const auto& text) {
    INFO(message.name << " beside " << pointer);
    const std::string where = pointer.substr(0, pointer.rfind('/')) + "/colour";
    CHECK(refusal_of(message.rewrite(text)) == Refused{"malformed", where, "the field is unknown"});
  });
}

TEST_CASE("a mistyped field is refused with its place") {
  const std::vector<json::value> others{json::value(nullptr), json::value(true),  json::value(-1),
                                        json::value(1.5),     json::value("zz?"), json::array{},
                                        json::object{}};
  for (const auto& other : others) {
    const Change mistype = [&](const auto& name, const auto& value) {
      if (value.kind() == other.kind() || (value.is_number() && other.is_number())) return std::string{};
      return member(name, other);
    };
    for_every_member(mistype, [&](const auto& message, const auto& pointer, const auto& text) {
      if (text.find(member(last_step(pointer), other)) == std::string::npos) return;
      INFO(message.name << " with " << json::serialize(other) << " at " << pointer);
      const auto refused = refusal_of(message.rewrite(text));
      CHECK(refused.code == "malformed");
      CHECK(refused.where == pointer);
    });
  }
}

TEST_CASE("a name that an enum does not have is refused with the names that it has") {
  const std::set<std::string> enums{"class",      "kind",    "after_interrupt", "late",      "status",
                                    "level_kind", "outcome", "clock",           "lifecycle", "about"};
  std::set<std::string> seen;
  const Change rename = [](const auto& name, const auto& value) {
    return value.is_string() ? member(name, "no such name") : std::string{};
  };
  for_every_member(rename, [&](const auto& message, const auto& pointer, const auto& text) {
    const std::string field = last_step(pointer);
    if (!enums.contains(field)) return;
    INFO(message.name << " at " << pointer);
    seen.insert(field);
    const auto refused = refusal_of(message.rewrite(text));
    CHECK(refused.code == "malformed");
    CHECK(refused.where == pointer);
    CHECK(refused.message.substr(0, 11) == "not one of ");
  });
  CHECK(seen == enums);
}

TEST_CASE("a message that was cut anywhere is refused") {
  for (const auto& message : samples::all_messages()) {
    const std::string text = message.json.substr(0, message.json.find_last_of('}') + 1);
    for (std::size_t length = 0; length < text.size(); ++length) {
      const auto refused = refusal_of(message.rewrite(std::string_view{text}.substr(0, length)));
      if (refused.code == "malformed") continue;
      FAIL_CHECK(message.name << " cut to " << length << " bytes: " << refused.code);
    }
  }
}

TEST_CASE("what a state may not hold is refused with a sentence that says why") {
  struct Row {
    std::string name;
    std::string part;
    std::string replacement;
    Refused expected;
  };
  const std::string long_text(2000, 'x');
  const std::vector<Row> rows{
      {"another format", "\"v\":1", "\"v\":2", {"format_unknown", "/v", "format 2 is not known here, 1 is"}},
      {"a format of text", "\"v\":1", "\"v\":\"1\"", {"malformed", "/v", "not a whole number"}},
      {"another audience", "\"controller\"", "\"all\"", {"wrong_audience", "/aud", "not \"controller\""}},
      {"an unknown enum name",
       "\"playing\"",
       "\"dancing\"",
       {"malformed", "/lifecycle",
        "not one of starting, connecting, fetching, ready, playing, alerting, expired, stopping, gone"}},
      {"an enum name in capitals",
       "\"playing\"",
       "\"Playing\"",
       {"malformed", "/lifecycle",
        "not one of starting, connecting, fetching, ready, playing, alerting, expired, stopping, gone"}},
      {"a number above its range",
       "\"volume\":70",
       "\"volume\":101",
       {"malformed", "/volume", "101 is not within 0 and 100"}},
      {"a number below its range",
       "\"volume\":70",
       "\"volume\":-1",
       {"malformed", "/volume", "-1 is not within 0 and 100"}},
      {"a number above 64 bits signed",
       "\"disk_free\":2147483648",
       "\"disk_free\":9223372036854775808",
       {"malformed", "/disk_free", "above 9223372036854775807"}},
      {"a number above 64 bits",
       "\"disk_free\":2147483648",
       "\"disk_free\":99999999999999999999",
       {"malformed", "/disk_free", "not a whole number"}},
      {"a fraction for a whole number",
       "\"volume\":70",
       "\"volume\":70.0",
       {"malformed", "/volume", "not a whole number"}},
      {"an exponent for a whole number",
       "\"volume\":70",
       "\"volume\":7e1",
       {"malformed", "/volume", "not a whole number"}},
      {"an infinite level",
       "-21.4",
       "-1e999",
       {"malformed", "/level_dbfs", "a number that is larger than any that can be read"}},
      {"a text that is too long",
       "\"0.1.0\"",
       "\"" + long_text + "\"",
       {"too_large", "/version", "2000 bytes where 200 are the most"}},
      {"a list that is too long",
       "[1]",
       "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]",
       {"too_large", "/formats", "17 elements where 16 are the most"}},
      {"a list that is too short", "[1]", "[]", {"malformed", "/formats", "0 elements where 1 are needed"}},
      {"an area id with a slash",
       "\"hue-19753\"",
       "\"hue/+\"",
       {"malformed", "/areas/1/area", "\"hue/+\" is not an area id of a-z 0-9 -"}},
      {"a node id with a topic wildcard",
       samples::kNode,
       "#",
       {"malformed", "/node", "\"#\" is not an id of A-Z a-z 0-9 . _ -"}},
      {"an empty node id",
       samples::kNode,
       "",
       {"malformed", "/node", "empty where an id of A-Z a-z 0-9 . _ - is needed"}},
      {"a nonce with padding",
       "Zm9vYmFyYmF6cXV4MTIzNA",
       "Zm9vYmFyYmF6cXV4MTI=",
       {"malformed", "/nonce", "\"Zm9vYmFyYmF6cXV4MTI=\" is not a nonce of 22 base64url characters"}},
      {"a negative time",
       "\"at\":1795557595000",
       "\"at\":-1",
       {"malformed", "/last_refusal/at", "-1 is not within 0 and 253402300799999"}},
      {"a name with tilde and slash",
       "\"muted\"",
       "\"a~/b\":1,\"muted\"",
       {"malformed", "/a~0~1b", "the field is unknown"}},
      {"a field name with an escaped twin",
       "\"muted\":true",
       "\"muted\":true,\"m\\u0075ted\":true",
       {"malformed", "/muted", "the field stands twice"}},
      {"a refusal code with a space",
       "\"bad_signature\"",
       "\"bad signature\"",
       {"malformed", "/refusals/bad signature", "\"bad signature\" is not a word of a-z 0-9 _"}},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(refusal_of(decode_state(state_with(row.part, row.replacement))) == row.expected);
  }
}

TEST_CASE("a message for another node, area or writer is refused as wrong_audience") {
  CHECK(refusal_of(decode_plan(encode(samples::plan()), "n-other")) ==
        Refused{"wrong_audience", "/aud", "\"" + samples::kNode + "\" is not n-other"});
  CHECK(refusal_of(decode_head(encode(samples::head()), "n-other")).code == "wrong_audience");
  CHECK(refusal_of(decode_order(encode(samples::order()), "n-other")).code == "wrong_audience");
  CHECK(refusal_of(decode_log_ack(encode(samples::log_ack()), "n-other")).code == "wrong_audience");
  CHECK(refusal_of(decode_alert(encode(samples::alert()), "hue")) ==
        Refused{"wrong_audience", "/aud", "\"hue-19753\" is not hue"});
  CHECK(refusal_of(decode_state(encode(samples::state()), "n-other")) ==
        Refused{"wrong_audience", "/node", "\"" + samples::kNode + "\" is not n-other"});
  CHECK(refusal_of(decode_receipt(encode(samples::receipt()), "n-other")).code == "wrong_audience");
  CHECK(refusal_of(decode_log(encode(samples::log()), "n-other")).code == "wrong_audience");
}

TEST_CASE("text that is not one JSON document is refused") {
  struct Row {
    std::string name;
    std::string text;
    std::string code;
    std::string where;
    std::string message_start;
  };
  const std::vector<Row> rows{
      {"nothing", "", "malformed", "", "not JSON at byte 0: "},
      {"a second document", "{}{}", "malformed", "", "not JSON at byte 2: "},
      {"a comment", "{/**/}", "malformed", "", "not JSON at byte "},
      {"a trailing comma", "{\"a\":1,}", "malformed", "", "not JSON at byte "},
      {"a byte-order mark", "\xef\xbb\xbf{}", "malformed", "", "not JSON at byte "},
      {"a byte that is no UTF-8", "{\"a\":\"\xff\"}", "malformed", "", "not UTF-8 at byte 6"},
      {"an overlong slash", "{\"a\":\"\xc0\xaf\"}", "malformed", "", "not UTF-8 at byte 6"},
      {"a surrogate in UTF-8", "{\"a\":\"\xed\xa0\x80\"}", "malformed", "", "not UTF-8 at byte 6"},
      {"half a surrogate pair", "{\"a\":\"\\ud800\"}", "malformed", "", "not JSON at byte "},
      {"a raw control character", "{\"a\":\"\x01\"}", "malformed", "", "not JSON at byte "},
      {"nine levels", "[[[[[[[[[]]]]]]]]]", "too_large", "/0/0/0/0/0/0/0/0", "nested deeper than 8 levels"},
      {"a million levels", std::string(1'000'000, '['), "too_large", "/0/0/0/0/0/0/0/0",
       "nested deeper than 8 levels"},
      {"a number beyond all others", R"({"a":[0,3e8380]})", "malformed", "/a/1", "a number that is larger than any that can be read"},
      {"one below all others", "[-1e400]", "malformed", "/0", "a number that is larger than any that can be read"},
      {"a doubled key deep inside", R"({"a":[1,{"b":{"c":1,"c":2}}]})", "malformed", "/a/1/b/c",
       "the field stands twice"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    const auto refused = refusal_of(parse_json(row.text));
    CHECK(refused.code == row.code);
    CHECK((refused.where == row.where || row.message_start == "not JSON at byte "));
    CHECK(refused.message.substr(0, row.message_start.size()) == row.message_start);
  }
}

TEST_CASE("a list where an object should be is refused") {
  CHECK(refusal_of(decode_state("[]")) == Refused{"malformed", "", "not an object"});
}

TEST_CASE("fields may stand in any order and with white space") {
  const json::object document = json::parse(encode(samples::log_ack())).as_object();
  std::string text = " {\n";
  for (auto each = document.end(); each != document.begin();) {
    --each;
    text += (each + 1 == document.end() ? "" : ",\n ") + member(std::string{each->key()}, each->value());
  }
  CHECK(decode_log_ack(text + "}\n").value() == samples::log_ack());
}
