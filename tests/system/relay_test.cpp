#include <boost/json/serialize.hpp>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstring>

#include "tests/system/icecast.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;
namespace json = boost::json;

namespace {

constexpr std::size_t kHeader = 44, kSecond = 48'000 * 2;  // bytes of a node's recording

/// What a recording holds from byte `from` on, a letter for each 100 ms: '.' silence, 'r' the station's 1 kHz, 'c' anything else.
std::string heard_in(const std::filesystem::path& wav, std::size_t from = kHeader) {
  constexpr std::size_t kWindow = 4800, kPart = 1200;
  std::ifstream in(wav, std::ios::binary);
  in.seekg(static_cast<std::streamoff>(from));
  const std::string bytes(std::istreambuf_iterator<char>(in), {});
  std::string letters;
  std::vector<std::int16_t> samples(kWindow);
  for (std::size_t at = 0; at + kWindow * 2 <= bytes.size(); at += kWindow * 2) {
    std::memcpy(samples.data(), bytes.data() + at, kWindow * 2);
    double power = 0, tone = 0;  // in parts of 25 ms: where the station begins anew it is another sine
    for (std::size_t part = 0; part < kWindow; part += kPart) {
      double sine = 0, cosine = 0;
      for (std::size_t i = part; i < part + kPart; ++i) {
        const double sample = samples[i], angle = 2 * M_PI * 1000 * static_cast<double>(i) / 48'000;
        power += sample * sample;
        sine += sample * std::sin(angle);
        cosine += sample * std::cos(angle);
      }
      tone += 2 * (sine * sine + cosine * cosine) / kPart;
    }
    letters += power / kWindow < 1000 ? '.' : tone > power / 2 ? 'r' : 'c';
  }
  return letters;
}

/// A node whose recording is listened to while it grows.
struct Listener {
  std::filesystem::path wav;

  std::size_t size() const { return std::filesystem::exists(wav) ? std::filesystem::file_size(wav) : 0; }
  /// Waits until a second of this comes to be heard after byte `after`.
  bool hears(char what, std::size_t after, std::chrono::seconds limit) const {
    return eventually(limit, [&] {
      const auto now = size();
      if (now < std::max(after, kHeader) + kSecond) return false;
      const auto last = kHeader + (now - kHeader - kSecond) / 2 * 2;
      return heard_in(wav, last).find(std::string(what == 'c' ? 3 : 9, what)) != std::string::npos;
    });
  }
  /// Waits until the recording is this much longer.
  bool goes_on(int seconds) const {
    const auto wanted = size() + static_cast<std::size_t>(seconds) * kSecond;
    return eventually(std::chrono::seconds(seconds + 20), [&] { return size() >= wanted; });
  }
};

/// Relays a stream in the ward in `ahead`; the broadcast's id.
std::string relay(Village& village, const std::string& stream, std::chrono::seconds ahead, int seconds, const json::array& substitutes) {
  const auto start = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + ahead;
  const std::time_t at = std::chrono::system_clock::to_time_t(start);
  std::tm utc{};
  gmtime_r(&at, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text(village.officer().post("/broadcasts", {{"stream", stream}, {"duration_s", seconds}, {"class", "normal"}, {"start", stamp},
                                                     {"areas", json::array{Village::kWard}}, {"substitutes", substitutes}}),
              "id");
}

}  // namespace

TEST_CASE("a station is relayed, its substitute sounds when it dies, the station again when it is back, and nothing once it is retired", "[long]") {
  if (!Icecast::is_installed()) {
    WARN("skipped: icecast2 or gst-launch-1.0 is not installed");
    return;
  }
  Village village;
  Icecast station(village.folder() / "station");
  village.add_node("PX-01", Village::kWard, "[streams]\nca_file = \"" + station.ca_file().string() + "\"\n");
  village.start_node("PX-01");
  const Listener node{village.node_folder("PX-01") / "sound.wav"};
  const auto programme = village.approved_programme();
  const auto stream = text(village.officer().post("/streams", {{"name", "Đài Huế"}, {"area", Village::kWard}, {"url", station.address()}}), "id");
  const auto path = "/streams/" + stream;
  village.approver().post(path + "/approve", {{"content_hash", text(village.approver().get(path), "content_hash")}});

  const auto first = relay(village, stream, 20s, 75, {programme});
  REQUIRE(village.nodes_ready());
  INFO(village.last_words());
  REQUIRE(node.hears('r', 0, 40s));
  REQUIRE(node.goes_on(8));
  station.die();
  REQUIRE(node.hears('c', node.size(), 30s));
  station.begin();
  REQUIRE(node.hears('r', node.size(), 45s));
  const auto records = village.wait_for_records("broadcast=" + first, 1, 90s);
  REQUIRE(records.size() == 1);
  const auto& record = records[0];
  INFO(json::serialize(record));
  CHECK(text(record, "outcome") == "partial");
  CHECK(text(record, "reason") == "substituted");
  CHECK(text(record, "stream") == stream);
  CHECK(text(record, "title") == "Đài Huế");
  CHECK_FALSE(record.at("plain_http").as_bool());
  CHECK(text(record, "clip_sha256") == text(village.officer().get("/programmes/" + programme).at("clip"), "sha256"));
  CHECK(record.at("heard_ms").as_int64() > 40'000);
  CHECK(record.at("heard_ms").as_int64() < 75'000);
  const auto heard = heard_in(node.wav);
  INFO(heard);
  const auto relayed = heard.find("rrrrrrrrrr"), substitute = heard.find("ccc", relayed), again = heard.find("rrrrrrrrrr", substitute);
  CHECK(relayed != std::string::npos);
  CHECK(substitute != std::string::npos);
  CHECK(again != std::string::npos);
  CHECK(heard.find("ccc", again) == std::string::npos);  // it comes once, and never beside the station

  const auto second = relay(village, stream, 10s, 600, {programme});
  const auto before = node.size();
  REQUIRE(node.hears('r', before, 40s));
  REQUIRE(node.goes_on(4));
  village.approver().post(path + "/retire");
  const auto ended = village.wait_for_records("broadcast=" + second, 1, 15s);
  REQUIRE(ended.size() == 1);
  CHECK(text(ended[0], "reason") == "plan");
  CHECK(ended[0].at("heard_ms").as_int64() < 12'000);
  CHECK(text(village.officer().get("/broadcasts/" + second), "held_back") == "stream_retired");
  const auto end = node.size();
  CHECK_FALSE(node.hears('r', end, 3s));
}
