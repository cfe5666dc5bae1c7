#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <set>

#include "controller/media/sha256.hpp"
#include "tests/controller/media/sounds.hpp"
#include "tests/support/places.hpp"

using namespace loa::media;
using namespace loa::media::testing;

namespace {

/// Listening writes beside the clip, which must not be the source tree.
Heard listen_copy(const std::filesystem::path& file) {
  loa::tests::TempFolder folder;
  std::filesystem::copy_file(file, folder / "clip.opus");
  return listen(folder / "clip.opus");
}

}  // namespace

TEST_CASE("the index of stock clips agrees with the files beside it") {
  const std::filesystem::path folder = loa::tests::source_folder() / "config/stock";
  const auto index = boost::json::parse(bytes_of(folder / "index.json")).as_object();
  std::set<std::string> files, names;
  for (const auto& value : index.at("clips").as_array()) {
    const auto& clip = value.as_object();
    const std::string file(clip.at("file").as_string()), name(clip.at("name").as_string());
    INFO(file);
    CHECK(names.insert(name).second);
    files.insert(file);
    CHECK(file == name + ".opus");
    CHECK(std::string(clip.at("sha256").as_string()) == sha256_of(folder / file));
    CHECK(clip.at("bytes").to_number<std::uint64_t>() == std::filesystem::file_size(folder / file));
    const auto heard = listen_copy(folder / file);
    CHECK(clip.at("duration_ms").to_number<std::size_t>() == (heard.samples * 1000 + 47'999) / 48'000);
    CHECK(heard.true_peak_dbtp <= -1.0);
    CHECK(heard.lufs == Approx(-16).margin(0.5));
  }
  for (const char* name :
       {"tone", "chime", "exercise", "test", "flood", "storm", "fire", "landslide", "evacuation", "tsunami", "sorry", "general"})
    CHECK(names.count(name) == 1);
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    if (entry.path().extension() == ".opus") CHECK(files.count(entry.path().filename().string()) == 1);
}
