#pragma once
#include <filesystem>
#include <string>

namespace loa::test {

/// Makes an Ogg/Opus file of `ms` milliseconds (a multiple of 10) with a tone of `hertz` at half amplitude, mono, 48 kHz,
/// 24 kb/s, as the controller's clips are. Throws std::runtime_error where GStreamer fails.
void make_opus(const std::filesystem::path& file, int ms, int hertz = 440);

/// A fresh folder under the system's temporary one, removed with all in it at the end.
class TempFolder {
 public:
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace loa::test
