#include <catch2/catch.hpp>

#include "protocol/codec.hpp"
#include "protocol/packet.hpp"
#include "protocol/record_chain.hpp"
#include "tests/protocol/arbitrary.hpp"

using namespace loa::protocol;
using loa::protocol::tests::Filler;

namespace {

/// Whatever the description allows is written so that it reads as the same value, and is written again as the
/// same bytes.
template <class T>
bool round_trips(const char* name, Result<T> (*decode)(std::string_view)) {
  return rc::check(name, [decode] {
    const T value = Filler::make<T>();
    const std::string json = encode(value);
    const auto read = decode(json);
    if (!read) RC_FAIL(read.error().where + ": " + read.error().message + "\n" + json);
    RC_ASSERT(*read == value);
    RC_ASSERT(encode(*read) == json);
  });
}

}  // namespace

TEST_CASE("any message reads as it was written") {
  CHECK(round_trips<KeySet>("key set", [](std::string_view json) { return decode_keys(json); }));
  CHECK(round_trips<Head>("head", [](std::string_view json) { return decode_head(json); }));
  CHECK(round_trips<loa::scheduler::Plan>("plan", [](std::string_view json) { return decode_plan(json); }));
  CHECK(round_trips<loa::scheduler::AlertSnapshot>("alert",
                                                   [](std::string_view json) { return decode_alert(json); }));
  CHECK(round_trips<Order>("order", [](std::string_view json) { return decode_order(json); }));
  CHECK(round_trips<LogAck>("log-ack", [](std::string_view json) { return decode_log_ack(json); }));
  CHECK(round_trips<State>("state", [](std::string_view json) { return decode_state(json); }));
  CHECK(round_trips<Receipt>("receipt", [](std::string_view json) { return decode_receipt(json); }));
  CHECK(round_trips<LogBatch>("log", [](std::string_view json) { return decode_log(json); }));
  CHECK(round_trips<ControllerState>("controller state",
                                     [](std::string_view json) { return decode_controller_state(json); }));
  CHECK(round_trips<CertificateRequest>("certificate request",
                                        [](std::string_view json) { return decode_certificate_request(json); }));
  CHECK(round_trips<Certificate>("certificate", [](std::string_view json) { return decode_certificate(json); }));
  CHECK(round_trips<loa::scheduler::PlayRecord>("record",
                                                [](std::string_view json) { return decode_record(json); }));
}

TEST_CASE("base64url and deflate give back any bytes") {
  CHECK(rc::check("base64url",
                  [](const std::string& bytes) { RC_ASSERT(from_base64url(to_base64url(bytes)) == bytes); }));
  CHECK(rc::check("deflate", [](const std::string& bytes) {
    RC_ASSERT(inflate(deflate(bytes), bytes.size()).value() == bytes);
  }));
}

TEST_CASE("a text that base64url takes is exactly what it writes") {
  CHECK(rc::check("one spelling", [] {
    const auto text = *rc::gen::container<std::string>(rc::gen::elementOf(std::string{"ABCDwxyz0189-_=+/ "}));
    const auto bytes = from_base64url(text);
    if (bytes) RC_ASSERT(to_base64url(*bytes) == text);
  }));
}

TEST_CASE("bytes of any kind in the place of a message are refused, never a crash") {
  CHECK(rc::check("noise", [](const std::string& bytes) { RC_ASSERT(decode_state(bytes).has_error()); }));
  CHECK(rc::check("a state with one byte changed", [] {
    std::string json = encode(Filler::make<State>());
    const auto at = *rc::gen::inRange<std::size_t>(0, json.size());
    json[at] = *rc::gen::arbitrary<char>();
    const auto read = decode_state(json);
    if (read) RC_ASSERT(decode_state(encode(*read)).value() == *read);
  }));
}
