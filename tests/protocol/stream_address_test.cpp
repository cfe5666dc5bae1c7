#include <catch2/catch.hpp>

#include "protocol/stream_address.hpp"

using namespace loa::protocol;

TEST_CASE("the address of a stream is https or http, a host, perhaps a port and a path") {
  struct Row {
    const char* url;
    StreamAddress address;
  };
  const Row rows[] = {{"https://radio.hue.example/live", {true, "radio.hue.example", 443}},
                      {"https://radio.hue.example", {true, "radio.hue.example", 443}},
                      {"https://radio.hue.example?mount=1", {true, "radio.hue.example", 443}},
                      {"https://Radio.HUE.example:8443/a%20b/c;d=1,2?x=[1]&y='z'", {true, "radio.hue.example", 8443}},
                      {"https://10.1.2.3/live", {true, "10.1.2.3", 443}},
                      {"https://[2001:DB8::1]/live", {true, "[2001:db8::1]", 443}},
                      {"https://[2001:0db8:0:0::01]/live", {true, "[2001:db8::1]", 443}},
                      {"https://[::1]:8000/live", {true, "[::1]", 8000}},
                      {"https://xn--i-2ja.example/live", {true, "xn--i-2ja.example", 443}},
                      {"https://localhost/a@b:c", {true, "localhost", 443}},
                      {"https://1fm.example/", {true, "1fm.example", 443}},
                      {"http://radio.hue.example/live", {false, "radio.hue.example", 80}},
                      {"http://radio.hue.example:65535/live", {false, "radio.hue.example", 65535}}};
  for (const auto& row : rows) {
    INFO(row.url);
    const auto address = parse_stream_address(row.url);
    REQUIRE(address.has_value());
    CHECK(*address == row.address);
  }
}

TEST_CASE("anything else is no address of a stream, and the refusal says why") {
  struct Row {
    std::string url;
    const char* why;
  };
  const char* const scheme = "it begins with neither https:// nor http://";
  const char* const host = "it has no host, or one that is neither a name nor an address";
  const char* const user = "it names a user or a password";
  const char* const port = "its port is not a number from 1 to 65535";
  const char* const sign = "it has a space, a letter beyond a to z or a sign that no address has; write it in % form";
  const char* const percent = "a % is not followed by two hex digits";
  const Row rows[] = {{"", scheme},
                      {"radio.hue.example/live", scheme},
                      {"//radio.hue.example/live", scheme},
                      {"https:radio.hue.example", scheme},
                      {"HTTPS://radio.hue.example/live", scheme},
                      {"ftp://radio.hue.example/live", scheme},
                      {"file:///etc/passwd", scheme},
                      {"icecast://radio.hue.example/live", scheme},
                      {"rtsp://radio.hue.example/live", scheme},
                      {"javascript:alert(1)", scheme},
                      {"https://", host},
                      {"https:///live", host},
                      {"https://:8000/live", host},
                      {"https://?x", host},
                      {"https://.example/live", host},
                      {"https://radio..example/live", host},
                      {"https://radio.example./live", host},
                      {"https://-radio.example/live", host},
                      {"https://radio-.example/live", host},
                      {"https://ra_dio.example/live", host},
                      {"https://ra%64io.example/live", host},
                      {"https://127.1/live", host},
                      {"https://2130706433/live", host},
                      {"https://0x7f000001/live", host},
                      {"https://0x7f.0.0.1/live", host},
                      {"https://127.0.0.256/live", host},
                      {"https://1.2.3.4.5/live", host},
                      {"https://" + std::string(64, 'a') + ".example/live", host},
                      {"https://" + std::string(127, 'a') + std::string(127, '.') + "/live", host},
                      {"https://[]/live", host},
                      {"https://[1.2.3.4]/live", host},
                      {"https://[fe80::1%25eth0]/live", host},
                      {"https://[::1/live", "the bracket of its host is not closed"},
                      {"https://[::1]x/live", "something stands behind the bracket of its host"},
                      {"https://anna@radio.example/live", user},
                      {"https://anna:secret@radio.example/live", user},
                      {"https://@radio.example/live", user},
                      {"https://good.example:443@bad.example/live", user},
                      {"https://radio.example:/live", port},
                      {"https://radio.example:0/live", port},
                      {"https://radio.example:65536/live", port},
                      {"https://radio.example:-1/live", port},
                      {"https://radio.example:80:80/live", port},
                      {"https://radio.example:8o/live", port},
                      {"https://radio.example/live#now", "it has a # part, which no server is ever sent"},
                      {"https://radio.example/a b", sign},
                      {" https://radio.example/live", sign},
                      {"https://radio.example/live\n", sign},
                      {"https://radio.example\\@bad.example/live", sign},
                      {"https://radio.example/\"live\"", sign},
                      {"https://radio.example/<live>", sign},
                      {"https://đài.example/live", sign},
                      {std::string("https://radio.example/\0live", 27), sign},
                      {"https://radio.example/%", percent},
                      {"https://radio.example/%2", percent},
                      {"https://radio.example/%zz", percent}};
  for (const auto& row : rows) {
    INFO(row.url);
    const auto address = parse_stream_address(row.url);
    REQUIRE_FALSE(address.has_value());
    CHECK(address.error().code == RefusalCode::malformed);
    CHECK(address.error().message == row.why);
  }
  const auto longest = "https://radio.example/" + std::string(kMaxStreamAddress - 22, 'a');
  CHECK(parse_stream_address(longest).has_value());
  const auto longer = parse_stream_address(longest + "a");
  REQUIRE_FALSE(longer.has_value());
  CHECK(longer.error().code == RefusalCode::too_large);
  CHECK(longer.error().message == "2001 bytes where 2000 are the most");
}
