#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <fstream>
#include <iterator>

#include "tests/support/http_server.hpp"
#include "tests/system/cache_certificate.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// A cache that stands in front of the controller and gives one byte in the middle of one clip wrongly; nodes trust its certificate.
class BadCache {
 public:
  BadCache(Village& village, std::string spoilt)
      : spoilt_("/media/" + std::move(spoilt) + ".opus"), clips_(village.folder() / "controller/clips"),
        server_([this](const HttpRequest& request) { return answer(request); }, cache_certificate(village)) {}

  std::string address() const { return server_.base(); }
  /// How often the spoilt clip was asked for.
  int asked() const {
    int times = 0;
    for (const auto& request : server_.requests()) times += request.path == spoilt_ ? 1 : 0;
    return times;
  }

 private:
  ServerAnswer answer(const HttpRequest& request) const {
    ServerAnswer answer;
    answer.body = content(clips_ / std::filesystem::path(request.path).filename());
    if (request.path == spoilt_) answer.body.at(answer.body.size() / 2) ^= 1;
    return answer;
  }

  std::string spoilt_;
  std::filesystem::path clips_;
  HttpServer server_;
};

std::string clip_of(Village& village, const std::string& programme) {
  return text(village.officer().get("/programmes/" + programme).at("clip"), "sha256");
}

}  // namespace

TEST_CASE("a clip whose bytes do not match its name is fetched twice, never played, and fails as hash") {
  Village village;
  const auto spoilt = village.approved_programme("Hỏng");
  const auto sound = village.approved_programme("Lành", "Kính thưa bà con. Tệp này lành.");
  BadCache cache(village, clip_of(village, spoilt));
  village.fetch_from(cache.address());
  village.add_node("PX-01", Village::kWard);
  village.start_node("PX-01");
  const bool ready = village.nodes_ready();
  INFO((ready ? "" : village.last_words()));
  REQUIRE(ready);

  const auto lost = village.schedule(spoilt, 5s);
  REQUIRE(eventually(20s, [&] { return cache.asked() == 2; }));
  CHECK_FALSE(village.nodes_ready(0ms));
  const auto failed = village.wait_for_records("broadcast=" + lost, 1, 40s);
  INFO(json::serialize(failed) << village.last_words());
  REQUIRE(failed.size() == 1);
  CHECK(text(failed[0], "outcome") == "failed");
  CHECK(text(failed[0], "reason") == "hash");
  CHECK(failed[0].at("heard_ms") == 0);
  CHECK(text(failed[0], "programme") == spoilt);
  const auto recording = village.node_folder("PX-01") / "sound.wav.json";
  CHECK_FALSE(json::parse(content(recording)).as_object().contains("first_sample"));

  const auto heard = village.schedule(sound, 5s);
  const auto played = village.wait_for_records("broadcast=" + heard, 1, 40s);
  REQUIRE(played.size() == 1);
  CHECK(text(played[0], "outcome") == "played");
  CHECK(json::parse(content(recording)).as_object().contains("first_sample"));
  CHECK(cache.asked() == 2);
}
