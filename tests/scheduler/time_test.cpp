#include <catch2/catch.hpp>

#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"
#include "scheduler/seconds.hpp"

using namespace loa::scheduler;

TEST_CASE("times are written in RFC 3339 and basic form") {
  CHECK(to_rfc3339(from_ms(0)) == "1970-01-01T00:00:00Z");
  CHECK(to_rfc3339(from_ms(1795474800000)) == "2026-11-23T23:00:00Z");
  CHECK(to_rfc3339(from_ms(1795474800007)) == "2026-11-23T23:00:00.007Z");
  CHECK(to_rfc3339(from_ms(-1)) == "1969-12-31T23:59:59.999Z");
  CHECK(to_basic(from_ms(1795474800999)) == "20261123T230000Z");
  CHECK(occurrence_id("b-1", from_ms(1795474800000)) == "b-1@20261123T230000Z");
  CHECK(alert_occurrence_id(Alert{.id = "l-1", .revision = 3}, 2) == "l-1.3.2");
}

TEST_CASE("seconds for interfaces of 32 bits end where those do, and do not begin anew") {
  CHECK(seconds_as<std::int32_t>(from_ms(1795474800999)) == 1795474800);
  CHECK(seconds_as<std::int32_t>(from_ms(-1)) == -1);
  CHECK(seconds_as<std::int32_t>(parse_rfc3339("2038-01-19T03:14:07Z").value()) == 2147483647);
  CHECK_FALSE(seconds_as<std::int32_t>(parse_rfc3339("2038-01-19T03:14:08Z").value()));
  CHECK_FALSE(seconds_as<std::int32_t>(parse_rfc3339("1901-12-13T20:45:51Z").value()));
  CHECK(seconds_as<std::int64_t>(parse_rfc3339("2040-06-01T12:00:00Z").value()) == 2222164800);
}

TEST_CASE("times are read strictly") {
  struct Row {
    const char* text;
    std::optional<std::int64_t> ms;
  };
  const Row rows[] = {
      {"2026-11-23T23:00:00Z", 1795474800000},
      {"2026-11-24T06:00:00+07:00", 1795474800000},
      {"2026-11-23T18:30:00.5-04:30", 1795474800500},
      {"2026-11-23T23:00:00.0079999Z", 1795474800007},
      {"2024-02-29T00:00:00Z", 1709164800000},
      {"2026-02-29T00:00:00Z", {}},
      {"2026-11-23T24:00:00Z", {}},
      {"2026-11-23T23:60:00Z", {}},
      {"2026-11-23T23:00:60Z", {}},
      {"2026-11-23 23:00:00Z", {}},
      {"2026-11-23T23:00:00", {}},
      {"2026-11-23T23:00:00z", {}},
      {"2026-11-23T23:00:00.Z", {}},
      {"2026-11-23T23:00:00.1234567890Z", {}},
      {"2026-11-23T23:00:00+24:00", {}},
      {"2026-11-23T23:00:00+0700", {}},
      {" 2026-11-23T23:00:00Z", {}},
      {"2026-11-23T23:00:00Z ", {}},
      {"26-11-23T23:00:00Z", {}},
      {"", {}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    const auto time = parse_rfc3339(row.text);
    CHECK(time.has_value() == row.ms.has_value());
    if (time && row.ms) CHECK(to_ms(*time) == *row.ms);
  }
  CHECK(parse_basic("20261123T230000Z") == from_ms(1795474800000));
  for (const char* text : {"20261123T230000", "2026-11-23T23:00:00Z", "20261323T230000Z", "20261123T2300Z", "20261123T230000Z "}) {
    CAPTURE(text);
    CHECK_FALSE(parse_basic(text));
  }
}
