#include <catch2/catch.hpp>

#include "node-firmware/stream_format.hpp"
#include "protocol/stream_address.hpp"

using namespace loa;

// Two readers of one address that differ would let an officer write one host and a node ask another.
TEST_CASE("an address that the controller takes is one that the node asks, with the same host and port") {
  const std::string bases[] = {"https://radio.hue.example:8443/live?a=1", "http://10.1.2.3/live", "https://[2001:db8::1]:8000/a%20b", "https://a.example"};
  int taken = 0;
  const auto compare = [&](const std::string& url) {
    const auto read = protocol::parse_stream_address(url);
    if (!read) return;
    ++taken;
    INFO(url);
    const auto origin = node::origin_of(url);
    REQUIRE(origin.has_value());
    CHECK(origin->scheme == (read->tls ? "https" : "http"));
    CHECK(origin->host == read->host);
    CHECK(origin->port == std::to_string(read->port));
  };
  for (const auto& base : bases) {
    compare(base);
    for (std::size_t at = 0; at <= base.size(); ++at)
      for (int c = 1; c < 256; ++c) {
        auto put_in = base, instead = base;
        compare(put_in.insert(at, 1, static_cast<char>(c)));
        if (at == base.size()) continue;
        instead[at] = static_cast<char>(c);
        compare(instead);
      }
  }
  CHECK(taken > 5'000);
}
