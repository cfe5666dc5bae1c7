// How exactly two whole nodes start together, and how far they are from the due time: at the sink's render call, by their own records, and
// from outside, by what their sound devices recorded. Beside it snapcast: one server, two clients on the same devices.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <thread>

#include "node-firmware/time_source.hpp"
#include "snapcast.hpp"
#include "spread.hpp"
#include "tests/support/places.hpp"
#include "tests/support/timed_pcm.hpp"
#include "tests/system/village.hpp"

namespace {

using namespace std::chrono_literals;
using namespace loa::bench;
using loa::tests::Village;
namespace json = boost::json;

struct Options {
  int starts = 100;
  int every_s = 4;
  std::vector<std::string> devices = {"timed", "mixer"};
  bool snapcast = true;
};

/// Two nodes whose one setting that differs is where they put their sound.
struct Pair {
  std::string name;
  std::string codes[2];
  std::string sink;  ///< table [sink] of node.toml
  std::filesystem::path folders[2];  ///< of the devices; empty: none
};

class Together {
 public:
  explicit Together(const Options& options) : options_(options) {
    add("null", "kind = \"null\"\n");
    for (const auto& device : options.devices) add(device, fmt::format("kind = \"alsa\"\ndevice = \"{}\"\n", device));
    for (auto& pair : pairs_) start(pair);
    if (!village_.nodes_ready(60s)) throw std::runtime_error("the nodes did not become ready\n" + village_.last_words());
  }

  void run() {
    const auto programme = village_.approved_programme("Chào", "Xin chào.");
    std::vector<std::string> broadcasts;
    for (int i = 0; i < options_.starts; ++i) broadcasts.push_back(village_.schedule(programme, std::chrono::seconds(30 + i * options_.every_s) - since_begin()));
    std::vector<json::array> records;
    const std::size_t nodes = pairs_.size() * 2;
    for (std::size_t i = 0; i < broadcasts.size(); ++i)
      records.push_back(village_.wait_for_records("broadcast=" + broadcasts[i], nodes, i == 0 ? 120s : std::chrono::seconds(options_.every_s * 3 + 30)));
    const auto offset = loa::node::BoardTime().wall().offset_ns();  // to bring due times onto the monotonic clock
    for (auto& pair : pairs_)
      for (const auto& code : pair.codes) village_.node(code).stop();
    print_head();
    for (const auto& pair : pairs_) print(pair, records, offset);
  }

 private:
  std::chrono::seconds since_begin() const { return std::chrono::floor<std::chrono::seconds>(std::chrono::steady_clock::now() - begin_); }

  void add(const std::string& name, const std::string& sink) {
    Pair pair{name, {}, sink, {}};
    for (int i = 0; i < 2; ++i) pair.codes[i] = fmt::format("{}-{}", name == "null" ? "NU" : name == "timed" ? "TI" : "MI", i + 1);
    pairs_.push_back(std::move(pair));
  }

  void start(Pair& pair) {
    for (int i = 0; i < 2; ++i) {
      village_.add_node(pair.codes[i], Village::kWard);
      const auto folder = village_.node_folder(pair.codes[i]);
      std::ofstream(folder / "node.toml") << fmt::format("state_folder = \"state\"\nstock_folder = \"{}/config/stock\"\n[sink]\n{}", loa::tests::source_folder().string(), pair.sink);
      Village::NodeStart how;
      if (pair.name != "null") {
        pair.folders[i] = folder / "device";
        std::filesystem::create_directories(pair.folders[i]);
        const loa::tests::TimedPcm device(pair.folders[i]);
        how.environment = {"ALSA_CONFIG_PATH=" + (pair.folders[i] / "asound.conf").string()};
      }
      village_.start_node(pair.codes[i], how);
    }
  }

  /// The record of the node, or nothing.
  const json::object* of(const json::array& records, const std::string& code) {
    for (const auto& record : records)
      if (loa::tests::text(record, "node") == village_.node_id(code)) return &record.as_object();
    return nullptr;
  }

  void print(const Pair& pair, const std::vector<json::array>& records, std::int64_t offset) {
    std::vector<double> errors, apart;
    std::vector<std::optional<double>> one_by_one[2];
    for (int i = 0; i < 2; ++i)
      for (const auto& of_start : records) {
        const auto* record = of(of_start, pair.codes[i]);
        const auto* error = record ? record->if_contains("start_error_us") : nullptr;
        one_by_one[i].push_back(error && error->is_int64() ? std::optional(static_cast<double>(error->as_int64()) / 1000) : std::nullopt);
      }
    collect(one_by_one, errors, apart);
    print_row(fmt::format("loa {}: |said - due|", pair.name), errors);
    print_row(fmt::format("loa {}: |node 1 - node 2| said", pair.name), apart);
    if (pair.folders[0].empty()) return;
    const auto lead = silence_before(pair, records);
    for (int i = 0; i < 2; ++i) one_by_one[i] = heard(pair.folders[i], records, offset, lead);
    errors.clear(), apart.clear();
    collect(one_by_one, errors, apart);
    print_row(fmt::format("loa {}: |heard - due|", pair.name), errors);
    print_row(fmt::format("loa {}: |node 1 - node 2| heard", pair.name), apart);
  }

  static void collect(const std::vector<std::optional<double>> (&values)[2], std::vector<double>& errors, std::vector<double>& apart) {
    for (std::size_t i = 0; i < values[0].size(); ++i) {
      for (const auto& of : values)
        if (of[i]) errors.push_back(*of[i]);
      if (values[0][i] && values[1][i]) apart.push_back(*values[0][i] - *values[1][i]);
    }
  }

  /// When each due time's sound was heard on the device, in ms from it; `lead`: how long the clip itself is silent at first.
  std::vector<std::optional<double>> heard(const std::filesystem::path& folder, const std::vector<json::array>& records, std::int64_t offset,
                                           std::chrono::nanoseconds lead) {
    const auto streams = loa::tests::TimedPcm::heard_in(folder);
    std::vector<std::optional<double>> all;
    for (const auto& of_start : records) {
      std::optional<double> found;
      if (!of_start.empty()) {
        const auto due = loa::scheduler::parse_rfc3339(loa::tests::text(of_start[0], "due"));
        const std::chrono::steady_clock::time_point at{std::chrono::nanoseconds(due.value().time_since_epoch()) - std::chrono::nanoseconds(offset)};
        for (const auto& stream : streams) {
          const auto [from, to] = stream.loud();
          const double ms = from < to ? std::chrono::duration<double, std::milli>(stream.time_of(from) - lead - at).count() : 1e9;
          if (std::abs(ms) < 1000) found = ms;
        }
      }
      all.push_back(found);
    }
    return all;
  }

  std::chrono::nanoseconds silence_before(const Pair& pair, const std::vector<json::array>& records) {
    for (const auto& of_start : records)
      if (const auto* record = of(of_start, pair.codes[0]); record && record->contains("clip_sha256")) {
        const auto file = village_.node_folder(pair.codes[0]) / "state/clips" / (std::string(record->at("clip_sha256").as_string()) + ".opus");
        const auto raw = village_.folder() / "clip.raw";
        village_.run({"gst-launch-1.0", "-q", "filesrc", "location=" + file.string(), "!", "oggdemux", "!", "opusdec", "!", "audioconvert", "!",
                      "audio/x-raw,format=S16LE,rate=48000,channels=1", "!", "filesink", "location=" + raw.string()}, "decode");
        loa::tests::HeardStream clip;
        clip.rate = 48000;
        clip.samples.resize(std::filesystem::file_size(raw) / 2);
        std::ifstream(raw, std::ios::binary).read(reinterpret_cast<char*>(clip.samples.data()), static_cast<std::streamsize>(clip.samples.size() * 2));
        return clip.time_of(clip.loud().first) - clip.first;
      }
    throw std::runtime_error("no clip was recorded as heard");
  }

  const Options& options_;
  Village village_;
  std::chrono::steady_clock::time_point begin_ = std::chrono::steady_clock::now();
  std::vector<Pair> pairs_;
};

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("How exactly two whole nodes start together, beside snapcast");
  app.add_option("--starts", options.starts)->check(CLI::Range(1, 1000))->capture_default_str();
  app.add_option("--every", options.every_s, "seconds from one start to the next")->check(CLI::Range(3, 600))->capture_default_str();
  app.add_option("--device", options.devices, "what the tests' cards are like")->check(CLI::IsMember({"timed", "mixer"}))->capture_default_str();
  app.add_flag("!--no-snapcast", options.snapcast, "Loa alone");
  CLI11_PARSE(app, argc, argv);
  try {
    Together(options).run();
    if (options.snapcast)
      for (const auto& device : options.devices)
        print_row(fmt::format("snapcast {}: |client 1 - client 2| heard", device), snapcast_apart(device, options.starts));
    fmt::print("\nWhat a device's own record is uncertain by: `timed` 1 frame (0.02 ms); `mixer` 0.02 ms too, but it tells its player where it stands only in "
               "steps of\n1024 frames (21.3 ms), as dmix does. `said` is each node's own record: at the render call (null) or by the device's delay.\n");
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench-together: {}\n", error.what());
    return 1;
  }
  return 0;
}
