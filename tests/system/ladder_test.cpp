#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>

#include "tests/system/shut_cache.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

TEST_CASE("where a node could fetch neither clip nor substitute the area's stand-in sounds, and the record says so") {
  Village village;
  ShutCache cache(village);
  village.fetch_from(cache.address());
  village.admin().put(std::string("/areas/") + Village::kWard + "/settings", {{"stand_in", "general"}});
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  REQUIRE(village.node("PX-01").wait_for_line("plan ", 20s));
  const auto spare = village.approved_programme("Nhạc hiệu", "Kính thưa bà con.");
  const auto programme = village.approved_programme();
  const auto broadcast = village.schedule(programme, 8s, {{"substitutes", json::array{spare}}});
  const auto records = village.wait_for_records("broadcast=" + broadcast, 1, 60s);
  INFO(json::serialize(records) << village.last_words());
  REQUIRE(records.size() == 1);
  CHECK(text(records[0], "outcome") == "partial");
  CHECK(text(records[0], "reason") == "substituted");
  CHECK(text(records[0], "clip_sha256") == "e1007ea15e4500931f36e5f63a84398219db853494133a235aae28ffc6c9ed4f");  // config/stock/general.opus
  CHECK(std::abs(records[0].at("heard_ms").to_number<std::int64_t>() - 5330) < 300);
}
