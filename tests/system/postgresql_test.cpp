#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fstream>

#include "tests/support/places.hpp"
#include "tests/support/postgres.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

const std::string kPassword = "s3cret-words";

/// A server that asks for a password, and the file that holds it.
struct Database {
  PostgresServer server{{.password = true}};
  std::string url;

  explicit Database(const Village& village) {
    server.run("alter role loa password '" + kPassword + "'");
    server.make_database("loa");
    const auto file = village.folder() / "database.pass";
    std::ofstream(file) << "*:*:loa:loa:" << kPassword << "\n";
    std::filesystem::permissions(file, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    url = server.tcp_url("loa") + "?passfile=" + file.string();
  }
};

std::string store_health(Village& village) {
  const auto health = village.admin().health();
  for (const auto& part : health.at("checks").as_array())
    if (text(part, "name") == "store") return part.at("ok").as_bool() ? "" : text(part, "detail");
  return "no such part";
}

bool is_up(Village& village) {
  return eventually(20s, [&] {
    try {
      return store_health(village).empty();
    } catch (const std::exception&) {
      return false;  // it is still starting
    }
  });
}

}  // namespace

TEST_CASE("a controller moves to PostgreSQL with its history, and announces there, through kill -9 of the database") {
  Village village;
  for (const char* code : {"PX-01", "AL-01"}) {
    village.add_node(code, code[0] == 'P' ? Village::kWard : Village::kCommune);
    village.start_node(code);
  }
  INFO(village.last_words());
  REQUIRE(village.nodes_ready());
  const auto programme = village.approved_programme();
  const auto before = village.schedule(programme, 5s);
  REQUIRE(village.wait_for_records("broadcast=" + before, 2, 40s).size() == 2);

  Database database(village);
  const std::vector<std::string> migrate{(program_folder() / "loa-controller").string(), "migrate", "--config",
                                         (village.folder() / "controller.toml").string(), "--to", database.url};
  CHECK_THROWS_WITH(village.run(migrate, "migrate"), Catch::Contains("another controller uses"));
  village.controller().stop();
  const auto said = village.run(migrate, "migrate");
  CHECK_THAT(said, Catch::Contains("play_records: 2 of 2 rows compared") && Catch::Contains("every row was read back and is equal"));
  village.use_database(database.url);
  village.start_controller();
  REQUIRE(is_up(village));
  CHECK(village.records("broadcast=" + before).size() == 2);
  CHECK(database.server.ask("select count(*) from play_records", "loa") == "2");

  REQUIRE(village.nodes_ready());
  const auto after = village.schedule(programme, 8s);
  REQUIRE(village.nodes_ready());
  database.server.kill();
  CHECK(eventually(10s, [&] { return store_health(village).find("cannot be reached") != std::string::npos; }));
  for (const char* code : {"PX-01", "AL-01"}) CHECK(village.node(code).wait_for_line(": played", 40s));
  database.server.start();
  REQUIRE(is_up(village));
  const auto records = village.wait_for_records("broadcast=" + after, 2, 60s);
  INFO(json::serialize(records));
  CHECK(records.size() == 2);
  for (const auto& record : records) CHECK(text(record, "outcome") == "played");
  CHECK(village.last_words().find(kPassword) == std::string::npos);
}
