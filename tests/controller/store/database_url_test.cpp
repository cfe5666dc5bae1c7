#include "controller/store/database_url.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>

#include "tests/controller/store/fixture.hpp"

using namespace loa::store;
using Kind = DatabaseUrl::Kind;

TEST_CASE("a database URL says where the store lies, and what is shown of it") {
  struct Row {
    std::string name, url;
    Kind kind;
    std::string shown;
    std::vector<std::string> holds;
  };
  const auto row = GENERATE(values<Row>({
      {"a file", "/var/lib/loa/loa.db", Kind::sqlite, "/var/lib/loa/loa.db", {}},
      {"sqlite://", "sqlite:///var/lib/loa/loa.db", Kind::sqlite, "/var/lib/loa/loa.db", {}},
      {"another machine", "postgresql://loa@db.example:5433/loa", Kind::postgresql, "postgresql://loa@db.example:5433/loa",
       {"host='db.example'", "port='5433'", "dbname='loa'", "user='loa'", "sslmode='verify-full'", "target_session_attrs='read-write'"}},
      {"this machine", "postgres://loa@127.0.0.1/loa", Kind::postgresql, "postgresql://loa@127.0.0.1/loa", {"sslmode='prefer'"}},
      {"a socket", "postgresql:///loa?host=/run/postgresql", Kind::postgresql, "postgresql:///run/postgresql/loa", {"sslmode='prefer'"}},
      {"TLS chosen", "postgresql://loa@db/loa?sslmode=verify-ca&connect_timeout=9", Kind::postgresql, "postgresql://loa@db/loa",
       {"sslmode='verify-ca'", "connect_timeout='9'"}},
      {"quotes", "postgresql://lo%27a@db/l%5Coa", Kind::postgresql, "postgresql://lo'a@db/l\\oa", {"user='lo\\'a'", "dbname='l\\\\oa'"}},
      {"encoding is not negotiable", "postgresql://db/loa?client_encoding=LATIN1", Kind::postgresql, "postgresql://db/loa",
       {"client_encoding='UTF8'"}},
  }));
  INFO(row.name);
  const auto place = parse_database_url(row.url);
  CHECK(place.kind == row.kind);
  CHECK(place.shown == row.shown);
  if (row.kind == Kind::sqlite) CHECK(place.target == row.shown);
  for (const auto& part : row.holds) CHECK_THAT(place.target, Catch::Contains(part));
}

TEST_CASE("a bad database URL is refused with the reason") {
  struct Row {
    std::string url, why;
  };
  const auto row = GENERATE(values<Row>({
      {"", "it is empty"},
      {"sqlite://", "names no file"},
      {"mysql://db/loa", "`mysql://` is not known, only sqlite:// and postgresql:// are"},
      {"postgresql://loa@db", "it names no database"},
      {"postgresql://db:nine/loa", "port"},
      {"postgresql://a,b/loa", "names several servers"},
      {"postgresql://db/loa?application_name=a%20b", "`application_name` must hold no space"},
      {"postgresql://db/loa?colour=red", "colour"},
      {"postgresql://db/loa?passfile=/nowhere/at/all", "the password file /nowhere/at/all cannot be read"},
      {"postgresql://db/loa?passfile=/tmp", "is not a file"},
  }));
  INFO(row.url);
  CHECK_THROWS_WITH(parse_database_url(row.url), Catch::StartsWith("store: database URL: ") && Catch::Contains(row.why));
}

TEST_CASE("a password in the URL is refused and not repeated, wherever it stands and whatever else is wrong") {
  const auto url = GENERATE(as<std::string>(), "postgresql://loa:s3cret@db/loa", "postgresql://loa:s3cret@db:nine/loa",
                            "postgresql://loa:s3cret%zz@db/loa", "postgresql://db/loa?password=s3cret",
                            "postgresql://db/loa?sslmode=verify-full&password=s3cret&colour=red", "postgresql://loa:s3cret@",
                            "postgresql://db/loa?sslpassword=s3cret",
                            "postgresql://loa?sslmode=disable&x:s3cret@db/loa", "postgresql://db/loa?passwor%64=s3cret");
  INFO(url);
  CHECK_THROWS_WITH(parse_database_url(url), Catch::Contains("must not hold a password") && !Catch::Contains("s3cret"));
}

TEST_CASE("a password file that others can read is refused: libpq would leave it out without a word") {
  const loa::tests::TempFolder folder;
  const auto file = folder / "pass";
  std::ofstream(file) << "*:*:*:loa:s3cret\n";
  namespace fs = std::filesystem;
  const auto url = "postgresql://loa@db/loa?passfile=" + file.string();
  for (const auto open : {fs::perms::group_read, fs::perms::others_read, fs::perms::group_write}) {
    fs::permissions(file, fs::perms::owner_read | open);
    CHECK_THROWS_WITH(parse_database_url(url), Catch::Contains("others can read the password file") && Catch::Contains("chmod 600"));
  }
  fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
  CHECK_THAT(parse_database_url(url).target, Catch::Contains("passfile='" + file.string() + "'") && !Catch::Contains("s3cret"));
}
