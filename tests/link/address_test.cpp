#include "protocol/link_address.hpp"

#include <catch2/catch.hpp>

#include "protocol/address_faults.hpp"

using loa::protocol::AddressFaults;
using loa::protocol::AddressRound;
using loa::protocol::parse_broker_address;
using loa::protocol::read_targets;

TEST_CASE("a broker's address is read") {
  struct Row {
    const char* text;
    const char* host;
    int port;
  };
  for (const Row& row : {Row{"mqtts://loa.hue.gov.vn:8883", "loa.hue.gov.vn", 8883},
                         Row{"mqtts://10.0.0.1:1", "10.0.0.1", 1}, Row{"mqtts://[2001:db8::1]:65535", "2001:db8::1", 65535}}) {
    CAPTURE(row.text);
    const auto address = parse_broker_address(row.text);
    REQUIRE(address.has_value());
    CHECK(address->host == row.host);
    CHECK(address->port == row.port);
  }
}

TEST_CASE("what is no broker's address is refused with what is wrong") {
  struct Row {
    const char* text;
    const char* says;
  };
  for (const Row& row :
       {Row{"", "scheme is not mqtts"}, Row{"mqtt://h:1883", "scheme is not mqtts"}, Row{"mqtts://h", "no port"},
        Row{"mqtts://:8883", "not a host name"}, Row{"mqtts://h:0", "not a port number"},
        Row{"mqtts://h:65536", "not a port number"}, Row{"mqtts://h:88x", "not a port number"},
        Row{"mqtts://h:8883/", "not a port number"}, Row{"mqtts://user@h:8883", "not a host name"},
        Row{"mqtts://h h:8883", "not a host name"}, Row{"mqtts://[::1:8883", "bracket is not closed"},
        Row{"mqtts://[::1]8883", "no port"}, Row{"mqtts://[host]:8883", "not a host name"}}) {
    CAPTURE(row.text);
    const auto address = parse_broker_address(row.text);
    REQUIRE(!address.has_value());
    CHECK(address.error().where == "broker address");
    CHECK_THAT(address.error().message, Catch::Contains(row.says));
  }
  CHECK(!parse_broker_address("mqtts://" + std::string(400, 'a') + ":1").has_value());
}

TEST_CASE("a round of addresses goes on after failures and keeps its place when others come") {
  AddressRound round(read_targets({"mqtts://a:1", "mqtts://b:1", "mqtts://a:1", "b:1"}));
  CHECK(round.present().text == "mqtts://a:1");
  round.go_on();
  CHECK(round.present().text == "mqtts://b:1");
  round.set(read_targets({"mqtts://c:1", "mqtts://b:1"}));
  CHECK(round.present().text == "mqtts://b:1");
  round.go_on();
  CHECK(round.present().text == "mqtts://c:1");
  round.set({});
  CHECK(round.present().text == "mqtts://c:1");
  round.set(read_targets({"mqtts://a:1", "mqtts://b:1"}));
  CHECK(round.present().text == "mqtts://a:1");
}

TEST_CASE("why the addresses of a host lead nowhere is one line, in which each stands once") {
  AddressFaults faults;
  CHECK(faults.text().empty());
  faults.add("::1", "refused");
  CHECK(faults.text() == "refused");
  faults.add("10.0.0.1", "no answer in time");
  faults.add("10.0.0.2", "refused");
  CHECK(faults.text() == "::1, 10.0.0.2: refused; 10.0.0.1: no answer in time");
  SECTION("however long a reason is") {
    for (int i = 3; i <= 8; ++i) faults.add("10.0.0." + std::to_string(i), std::string(1000, static_cast<char>('a' + i)));
    CHECK(faults.text().size() < 8 * (AddressFaults::kLongest + 20));
  }
}
