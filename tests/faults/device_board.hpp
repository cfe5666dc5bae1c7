#pragma once
#include <algorithm>
#include <chrono>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "tests/faults/world.hpp"
#include "tests/support/bad_pcm.hpp"

namespace loa::tests {

/// Hears a board by a sound device, whose time is the monotonic clock: a WAV's sidecar is dated by the board itself.
struct DeviceBoard {
  explicit DeviceBoard(World& in, int ppm = 0) : world(in), code(in.board()), device(in.village().node_folder(code) / "device", ppm) {
    world.node(code).kill();
    const auto file = world.village().node_folder(code) / "node.toml";
    std::ifstream reading(file);
    std::string settings(std::istreambuf_iterator<char>(reading), {});
    settings.replace(settings.find("kind = \"wav\"\nfile = \"sound.wav\""), 31, "kind = \"alsa\"\ndevice = \"bad\"");
    std::ofstream(file) << settings;
  }
  void start() {
    world.start(code, {{}, {device.environment()}});
    if (!eventually(std::chrono::seconds(20), [this] { return world.ready(code, std::chrono::milliseconds(0)); })) throw std::runtime_error("no start with its sound device:\n" + world.last_lines(code));
  }
  /// Waits for the end of the broadcast and judges it by the device's own recording.
  void judge(Case& test, const Play& play, const Expect& expect = {}) const {
    wait_until(play.due + kClipSeconds + 1);
    auto sounds = hear();
    std::erase_if(sounds, [&](const Sound& sound) { return sound.from < play.due - 2; });
    world.judge_sound(test, sounds, play, expect);
    if (expect.record) world.judge_record(test, code, play, expect, total(sounds, play.clip));
  }
  std::vector<Sound> hear() const {
    std::vector<Sound> all;
    const auto offset = utc_now() - std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
    for (const auto& stream : device.heard()) {
      const auto sounds = listen(stream.samples, stream.rate, offset + std::chrono::duration<double>(stream.first.time_since_epoch()).count());
      all.insert(all.end(), sounds.begin(), sounds.end());
    }
    std::sort(all.begin(), all.end(), [](const Sound& a, const Sound& b) { return a.from < b.from; });
    return all;
  }
  World& world;
  std::string code;
  BadPcm device;
};

}  // namespace loa::tests
