#include "controller/media/make_clip.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/media/sounds.hpp"
#include "tests/support/places.hpp"
#include "tts-adapters/espeak.hpp"

using namespace loa::media;
using namespace loa::media::testing;
using namespace std::chrono_literals;

namespace {

struct Bench {
  loa::tests::TempFolder folder;
  ClipStore store{folder / "clips"};
  loa::tts::Registry synthesizers;
  MediaSettings settings;
  std::vector<int> percents;

  Bench() {
    synthesizers.add(std::make_unique<loa::tts::EspeakSynthesizer>());
    settings.transcoder = loa::tests::program_folder() / "loa-transcode";
  }
  /// A program of our own in place of loa-transcode.
  void pretend(const std::string& script) {
    settings.transcoder = write_bytes(folder / "pretend", "#!/bin/sh\n" + script + "\n");
    std::filesystem::permissions(settings.transcoder, std::filesystem::perms::owner_all);
  }
  std::filesystem::path upload() { return write_wav(store.work_file(".wav"), speech(2)); }
  Result<Clip> make(const Source& source, const std::stop_token& stop = {}) {
    auto clip = make_clip(
        source, store, synthesizers, settings, [this](int percent) { percents.push_back(percent); }, stop);
    CHECK(std::filesystem::is_empty(store.root() / "tmp"));
    return clip;
  }
};

}  // namespace

TEST_CASE("an upload becomes a clip in the store") {
  Bench bench;
  const auto clip = bench.make(Upload{bench.upload()});
  REQUIRE(clip);
  CHECK(bench.store.verify(clip->sha256));
  CHECK(bench.percents.back() == 100);
  CHECK(std::is_sorted(bench.percents.begin(), bench.percents.end()));
}

TEST_CASE("text becomes a spoken clip at the wanted loudness") {
  Bench bench;
  const auto clip = bench.make(
      Speech{.text = "Kính thưa bà con. UBND xã mời họp lúc 7h30 ngày 15/8/2025 tại nhà văn hóa."});
  REQUIRE(clip);
  CHECK(bench.store.verify(clip->sha256));
  const auto heard = listen(*bench.store.path_of(clip->sha256));
  CHECK(heard.true_peak_dbtp <= -1.0);
  CHECK((clip->limited_by_peak || std::abs(heard.lufs + 16) <= 0.5));
  CHECK(clip->duration_ms > 5'000);
}

TEST_CASE("each voice of Vietnamese is as loud as its peaks allow, and says where that is less than wanted") {
  struct Row {
    const char* voice;
    double least;  ///< LUFS
  };
  for (const auto& [voice, least] : {Row{"vi", -16.5}, Row{"vi-vn-x-central", -18.5}, Row{"vi-vn-x-south", -17.5}}) {
    DYNAMIC_SECTION(voice) {
      Bench bench;
      const auto clip =
          bench.make(Speech{.text = "Kính thưa bà con, mời bà con đi tiêm phòng.", .voice = voice});
      REQUIRE(clip);
      CHECK(clip->lufs >= least);
      CHECK(clip->lufs <= -15.5);
      CHECK(clip->limited_by_peak == (clip->lufs < -16.5));
    }
  }
}

TEST_CASE("what cannot become a clip says why and leaves nothing") {
  Bench bench;
  SECTION("not audio") {
    CHECK(bench.make(Upload{write_bytes(bench.store.work_file(""), "hello")}).error().code == "not_audio");
  }
  SECTION("empty text") { CHECK(bench.make(Speech{.text = "  "}).error().code == "text_empty"); }
  SECTION("a megabyte of text") {
    CHECK(bench.make(Speech{.text = std::string(1 << 20, 'a')}).error().code == "text_too_long");
  }
  SECTION("unknown synthesizer") {
    CHECK(bench.make(Speech{.text = "a", .synthesizer = "piper"}).error().code == "unknown_synthesizer");
  }
  SECTION("unknown voice") {
    CHECK(bench.make(Speech{.text = "a", .voice = "x"}).error().code == "unknown_voice");
  }
  SECTION("no transcoder") {
    bench.settings.transcoder = "/nowhere/loa-transcode";
    CHECK(bench.make(Upload{bench.upload()}).error().code == "transcoder_missing");
  }
  CHECK(std::distance(std::filesystem::directory_iterator(bench.store.root()), {}) == 1);
}

TEST_CASE("a transcoder at its limits is ended and the message says which") {
  Bench bench;
  struct Row {
    const char* name;
    const char* script;
    const char* code;
    const char* message;
  };
  const Row rows[] = {
      {"wall time", "sleep 60", "out_of_limits", "took longer than 0.3 s"},
      {"memory", "exec tail -n 1 /dev/zero", "out_of_limits", "used more than 40 MiB of memory"},
      {"file size", "exec dd if=/dev/zero of=${3#--out=} bs=64k", "out_of_limits",
       "wrote a file larger than 1000000 bytes"},
      {"endless output", "exec yes '{}'", "out_of_limits", "wrote more to standard output"},
      {"a crash", "kill -SEGV $$", "decode_failed",
       "the file makes the decoder fail: pretend was ended by signal 11"},
      {"no answer", "echo why >&2; exit 3", "decode_failed",
       "pretend ended with code 3 without an answer: why"},
      {"nonsense", "echo '{\"sha256\":1}'", "decode_failed", "the transcoder's answer cannot be read"},
      {"a false hash",
       "echo abc > ${3#--out=}; echo "
       "'{\"sha256\":\"x\",\"bytes\":1,\"duration_ms\":1,\"samples\":1,\"lufs\":1,"
       "\"true_peak_dbtp\":1,\"limited_by_peak\":false,\"trimmed_ms\":0}'",
       "storage_failed", "the clip on disk is not the one that was made"},
  };
  for (const Row& row : rows) {
    DYNAMIC_SECTION(row.name) {
      bench.pretend(row.script);
      bench.settings.limits = {.wall = row.name == std::string("wall time") ? 300ms : 30s,
                               .memory_bytes = 40 << 20,
                               .file_bytes = 1'000'000};
      const auto clip = bench.make(Upload{bench.upload()});
      REQUIRE_FALSE(clip);
      CHECK(clip.error().code == row.code);
      CHECK_THAT(clip.error().message, Catch::Contains(row.message));
    }
  }
}

TEST_CASE("the real transcoder under a small CPU limit is ended") {
  Bench bench;
  bench.settings.limits.cpu = 1s;
  const auto wav = write_wav(bench.store.work_file(".wav"), speech(240));
  const auto clip = bench.make(Upload{wav});
  REQUIRE_FALSE(clip);
  CHECK(clip.error().code == "out_of_limits");
  CHECK_THAT(clip.error().message, Catch::Contains("loa-transcode used more than 1 s of CPU time"));
}

TEST_CASE("the work can be cancelled") {
  Bench bench;
  bench.pretend("sleep 60");
  std::stop_source stop;
  stop.request_stop();
  CHECK(bench.make(Upload{bench.upload()}, stop.get_token()).error().code == "cancelled");
}
