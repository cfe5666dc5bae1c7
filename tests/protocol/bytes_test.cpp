#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <set>

#include "protocol/base64url.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "protocol/topics.hpp"
#include "protocol/utf8.hpp"
#include "tests/support/temp_folder.hpp"

using namespace loa::protocol;

TEST_CASE("base64url writes the vectors of RFC 4648 section 10, without padding") {
  const std::vector<std::pair<std::string, std::string>> rows{
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff", "-_8"}};
  for (const auto& [bytes, text] : rows) {
    CHECK(to_base64url(bytes) == text);
    CHECK(from_base64url(text) == bytes);
  }
}

TEST_CASE("base64url refuses every other spelling") {
  struct Row {
    std::string name;
    std::string text;
  };
  const std::vector<Row> rows{{"padding", "Zg=="},
                              {"one padding sign", "Zm8="},
                              {"an impossible length", "Zm9vY"},
                              {"one character", "Z"},
                              {"the alphabet of base64", "+/8"},
                              {"a space", "Zm9 "},
                              {"a line break", "Zm9v\n"},
                              {"tail bits of one byte", "Zh"},
                              {"tail bits of two bytes", "Zm9"},
                              {"a NUL", std::string("Zm\0v", 4)}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK_FALSE(from_base64url(row.text));
  }
}

TEST_CASE("random ids have the agreed form and do not come twice") {
  std::set<std::string> seen;
  for (int count = 0; count < 1000; ++count) {
    const std::string made = random_id("b");
    REQUIRE(made.size() == 28);
    REQUIRE(made.substr(0, 2) == "b-");
    REQUIRE(made.find_first_not_of("abcdefghijklmnopqrstuvwxyz234567", 2) == std::string::npos);
    REQUIRE(is_id(made));
    seen.insert(made);
  }
  CHECK(seen.size() == 1000);
}

TEST_CASE("a nonce is 22 characters of base64url and new each time") {
  const std::string nonce = random_nonce();
  CHECK(nonce.size() == 22);
  CHECK(is_nonce(nonce));
  CHECK(nonce != random_nonce());
  CHECK_FALSE(is_nonce(nonce + "A"));
  CHECK_FALSE(is_nonce(""));
}

TEST_CASE("SHA-256 gives the vectors of FIPS 180-4, in pieces and of a file") {
  const std::string abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256_hex("abc") == abc);
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 pieces;
  pieces.update("a");
  pieces.update("bc");
  CHECK(pieces.hex() == abc);

  const loa::tests::TempFolder folder;
  const auto file = folder / "bytes";
  const std::string content(200'001, 'x');
  std::ofstream{file, std::ios::binary} << content;
  CHECK(sha256_hex_of_file(file) == sha256_hex(content));
  std::filesystem::remove(file);
  CHECK_THROWS_AS(sha256_hex_of_file(file), std::system_error);
}

TEST_CASE("a SHA-256 is 64 lower-case hex digits") {
  CHECK(is_sha256_hex(sha256_hex("abc")));
  CHECK_FALSE(is_sha256_hex(std::string(64, 'G')));
  CHECK_FALSE(is_sha256_hex(std::string(64, 'A')));
  CHECK_FALSE(is_sha256_hex(std::string(63, 'a')));
}

TEST_CASE("UTF-8 is checked as RFC 3629 says") {
  struct Row {
    std::string name;
    std::string text;
    std::optional<std::size_t> first_invalid;
  };
  const std::vector<Row> rows{{"Vietnamese", "Thừa Thiên Huế", {}},
                              {"the last character", "\xf4\x8f\xbf\xbf", {}},
                              {"above it", "\xf4\x90\x80\x80", 0},
                              {"an overlong NUL", "a\xc0\x80", 1},
                              {"a surrogate", "ab\xed\xa0\x80", 2},
                              {"cut short", "a\xe1\xbb", 1},
                              {"a tail alone", "\x80", 0},
                              {"overlong in three", "\xe0\x80\xaf", 0},
                              {"overlong in four", "\xf0\x80\x80\x80", 0}};
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(first_invalid_utf8(row.text) == row.first_invalid);
  }
}

TEST_CASE("printable text is cut between characters") {
  CHECK(printable("Huế", 4) == "Hu");
  CHECK(printable("Huế", 5) == "Huế");
  CHECK(printable("a\nb\xffz", 100) ==
        "a\xef\xbf\xbd"
        "b\xef\xbf\xbdz");
}
