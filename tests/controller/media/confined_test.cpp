#include <catch2/catch.hpp>

#include "controller/media/make_clip.hpp"
#include "tests/controller/media/sounds.hpp"
#include "tests/support/places.hpp"
#include "tts-adapters/espeak.hpp"

using namespace loa::media;
using namespace loa::media::testing;
using namespace std::chrono_literals;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

namespace {

/// The real transcoder with a decoder in it that somebody took over.
struct Bench {
  loa::tests::TempFolder folder;
  ClipStore store{folder / "clips"};
  loa::tts::Registry synthesizers;
  MediaSettings settings;
  std::filesystem::path elsewhere = folder / "elsewhere";

  Bench() {
    settings.tally = std::make_shared<loa::process::Tally>();
    settings.limits.cpu = 1s;
    settings.limits.wall = 30s;
    settings.limits.memory_bytes = 256 << 20;
  }
  Result<Clip> make(const std::string& act) {
    const auto bin = loa::tests::program_folder();
    settings.transcoder = write_bytes(folder / "loa-transcode",
                                      "#!/bin/sh\nexport LOA_ACT=" + act + " LOA_ELSEWHERE=" + elsewhere.string() +
                                          " LD_PRELOAD=" + (bin / "taken_over.so").string() + "\nexec " + (bin / "loa-transcode").string() +
                                          " \"$@\"\n");
    std::filesystem::permissions(settings.transcoder, std::filesystem::perms::owner_all);
    const auto flac = encode(write_wav(folder / "a.wav", speech(2)), "flacenc", store.work_file(".upload"));
    return make_clip(Upload{flac}, store, synthesizers, settings, {}, {});
  }
};

}  // namespace

TEST_CASE("a decoder that was taken over is ended at the first thing that no sound needs, and its file is named as the cause") {
  if (kSanitized) return;
  struct Row {
    const char* name;
    const char* act;
    const char* code;
    std::string message;
    loa::process::End end;
  };
  using loa::process::End;
  Bench bench;
  const Row rows[] = {
      {"the network", "network", "confined", "tried to use the network", End::confined},
      {"a socket of this machine", "local", "confined", "tried to use the network", End::confined},
      {"the list of accounts", "read", "confined", "tried to open /etc/passwd", End::confined},
      {"a file elsewhere", "write", "confined", "tried to open " + bench.elsewhere.string(), End::confined},
      {"a fork bomb", "fork", "confined", "tried to start another process", End::confined},
      {"a shell", "program", "confined", "tried to start another program", End::confined},
      {"the controller's end", "kill", "confined", "tried to signal another process", End::confined},
      {"code in memory", "code", "confined", "tried to make memory executable", End::confined},
      {"the network, hiding the signal", "hide", "confined", "tried to make a system call", End::confined},
      {"memory without end", "memory", "out_of_limits", "used more than 256 MiB of memory", End::memory},
      {"CPU without end", "cpu", "out_of_limits", "used more than 1 s of CPU time", End::cpu_time},
      {"output without end", "output", "out_of_limits", "wrote more to standard output", End::output},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      const auto clip = bench.make(row.act);
      REQUIRE_FALSE(clip);
      CHECK(clip.error().code == row.code);
      CHECK_THAT(clip.error().message, Catch::Contains(row.message));
      CHECK(bench.settings.tally->of(row.end) == 1);
      CHECK_FALSE(std::filesystem::exists(bench.elsewhere));
      CHECK(std::filesystem::is_empty(bench.store.root() / "tmp"));
    }
  }
}
