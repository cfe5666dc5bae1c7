#include <boost/json/parse.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include "protocol/base64url.hpp"
#include "tests/tools/command_line.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

constexpr int kKills = 50;

std::string read(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// Every key set that was ever seen on a disk, by its number: a number means one set, for ever.
class Seen {
 public:
  void look(const fs::path& file) {
    if (!fs::exists(file)) return;
    auto text = read(file);
    while (!text.empty() && text.back() == '\n') text.pop_back();
    const auto first = text.find('.'), second = text.rfind('.');
    INFO(file.string() << ": " << text.substr(0, 80));
    REQUIRE((first != std::string::npos && second > first));
    const auto payload = loa::protocol::from_base64url(text.substr(first + 1, second - first - 1));
    REQUIRE(payload.has_value());
    const auto number = json::parse(std::string(payload->begin(), payload->end())).at("rev").as_int64();
    const auto [one, fresh] = sets_.emplace(number, text);
    CHECK(one->second == text);
  }

 private:
  std::map<std::int64_t, std::string> sets_;
};

}  // namespace

TEST_CASE("loa keys rotate and revoke that are killed at any moment leave the old key set or the new one, and use no number twice") {
  for (const bool revoke : {false, true}) {
    INFO((revoke ? "revoke" : "rotate"));
    CommandLine loa;
    REQUIRE(loa({"keys", "init", "--root", "root.pem", "--controller", "controller", "--branch", "hue"}).code == 0);
    const auto status = [&] {
      const auto said = loa({"--json", "keys", "status", "--controller", "controller"});
      INFO(said.err);
      REQUIRE(said.code == 0);
      return json::parse(said.out);
    };
    const auto arguments = [&] {
      if (!revoke) return std::vector<std::string>{"keys", "rotate", "--root", "root.pem", "--controller", "controller"};
      const auto now = status();
      for (const auto& key : now.at("keys").as_array())
        if (!key.as_object().contains("revoked"))
          return std::vector<std::string>{"keys", "revoke", std::string(key.at("kid").as_string()), "--root", "root.pem", "--controller", "controller"};
      FAIL("no key is left that may sign");
      return std::vector<std::string>{};
    };
    const auto begun = std::chrono::steady_clock::now();
    REQUIRE(loa(arguments()).code == 0);
    const auto whole = std::chrono::steady_clock::now() - begun;

    Seen seen;
    const auto look = [&] {
      seen.look(loa.folder() / "controller/keys/keyset.jws");
      seen.look(loa.folder() / "root.pem.signed.jws");
    };
    std::mt19937 random(revoke ? 7 : 11);
    std::uniform_real_distribution<double> moment(0.0, 1.1);
    auto number = status().at("number").as_int64();
    for (int kill = 0; kill < kKills; ++kill) {
      CAPTURE(kill);
      auto argv = arguments();
      argv.insert(argv.begin(), (program_folder() / "loa").string());
      {
        Process process(argv, {loa.folder(), "killed", {"HOME=" + loa.folder().string()}, loa.folder()});
        std::this_thread::sleep_for(std::chrono::duration_cast<std::chrono::microseconds>(whole * moment(random)));
        process.kill();
      }
      look();
      const auto after = status();
      const auto now = after.at("number").as_int64();
      // A number that the root signed for a run that was killed is passed over, never used for another set.
      CHECK(now >= number);
      bool may_sign = false;
      for (const auto& key : after.at("keys").as_array())
        may_sign = may_sign || (!key.as_object().contains("revoked") && key.at("here").as_bool());
      CHECK(may_sign);
      number = now;
    }
    const auto again = loa(arguments());
    INFO(again.err);
    REQUIRE(again.code == 0);
    look();
    CHECK(status().at("number").as_int64() > number);
  }
}
