// Uploaded sound, read by us before any decoder sees it; clips as node and controller read them; what the transcoder says.
#include <fcntl.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <filesystem>
#include <fstream>

#include "controller/media/clip_json.hpp"
#include "controller/media/transcode/inspect.hpp"
#include "controller/media/transcode/ogg_serial.hpp"
#include "node-firmware/opus_length.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

void upload(std::string_view bytes) {
  constexpr std::uint64_t kMost = 200 << 20;
  const auto found = media::inspect(as_file(bytes), kMost);
  if (!found) {
    demand(!found.error().code.empty() && !found.error().message.empty(), "a refusal has a code and says what is wrong");
    return;
  }
  demand(found->bytes == bytes.size(), "a file has the bytes that it has");
  if (found->claimed_seconds) demand(*found->claimed_seconds >= 0, "no sound ends before it begins");
}

std::string le(std::uint64_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i));
  return text;
}
std::string be(std::uint64_t value, int bytes) {
  const auto text = le(value, bytes);
  return {text.rbegin(), text.rend()};
}
std::string wav() {
  return "RIFF" + le(36 + 64, 4) + "WAVEfmt " + le(16, 4) + le(1, 2) + le(1, 2) + le(48'000, 4) + le(96'000, 4) + le(2, 2) + le(16, 2) + "data" +
         le(64, 4) + std::string(64, '\0');
}
std::string m4a() {
  const auto header = std::string("mvhd") + std::string(12, '\0') + be(1000, 4) + be(5000, 4) + std::string(80, '\0');
  const auto movie = be(header.size() + 4, 4) + header;
  return be(16, 4) + "ftypM4A " + be(0, 4) + be(movie.size() + 8, 4) + "moov" + movie + be(72, 4) + "mdat" + std::string(64, '\1');
}
std::string flac() {
  return "fLaC" + be(0x80000022, 4) + be(4096, 2) + be(4096, 2) + std::string(6, '\0') + std::string("\x0b\xb8\x00\xf0\x00\x00\xbb\x80", 8) + std::string(16, '\0') +
         std::string("\xff\xf8\xc9\x18\x00", 5);
}
std::string mp3() {
  const auto frame = std::string("\xff\xfb\x90\x64", 4) + std::string(413, '\0');
  return frame + frame + frame + frame;
}
std::string id3(const std::string& sound) { return "ID3" + std::string("\x04\x00\x00\x00\x00\x00\x10", 7) + std::string(16, '\0') + sound; }
// The shipped clips are long: their first pages and their last are what readers look at.
std::string opus() {
  const auto whole = file_of_checkout("config/stock/tone.opus");
  const auto last = whole.rfind("OggS");
  const auto third = whole.find("OggS", whole.find("OggS", 4) + 4);
  return whole.substr(0, third) + whole.substr(last);
}
std::vector<std::string> uploads() { return {wav(), m4a(), flac(), mp3(), id3(mp3()), id3(flac()), opus()}; }

void clip(std::string_view bytes) {
  const auto file = as_file(bytes);
  const auto length = node::opus_length(file);
  if (length) demand(length->count() >= 0 && length->count() <= 24LL * 3600 * 1000, "a clip lasts at most a day");
  const int open = ::open(file.c_str(), O_RDWR | O_CLOEXEC);
  demand(open >= 0, "the file is there");
  try {
    media::set_ogg_serial(open, media::kClipSerial);
    ::close(open);
  } catch (const std::runtime_error& error) {
    ::close(open);
    demand(std::string_view(error.what()).size() > 5, "a refusal says what is wrong");
    return;
  }
  demand(std::filesystem::file_size(file) == bytes.size(), "a serial number changes no length");
  (void)node::opus_length(file);
}
std::vector<std::string> clips() { return {opus(), opus().substr(0, 300)}; }

void transcoder_line(std::string_view bytes) {
  boost::system::error_code error;
  const auto line = boost::json::parse(bytes, error);
  if (error || !line.is_object()) return;
  const auto clip = media::clip_from_json(line.get_object());
  if (!clip) {
    demand(clip.error().code.empty() || clip.error().code.size() < bytes.size() + 20, "a problem is what was said");
    return;
  }
  const auto again = media::clip_from_json(media::to_json(*clip));
  demand(again.has_value() && again->sha256 == clip->sha256 && again->bytes == clip->bytes && again->samples == clip->samples, "a clip that is written is the same clip");
}
std::vector<std::string> lines() {
  media::Clip clip;
  clip.sha256 = std::string(64, 'a');
  clip.bytes = 1234;
  clip.duration_ms = 5000;
  clip.samples = 240'000;
  clip.lufs = -16.1;
  clip.true_peak_dbtp = -1.2;
  return {boost::json::serialize(media::to_json(clip)), R"({"code":"not_audio","message":"this is no sound"})"};
}

const Registration kUpload{{"upload", upload, uploads, 8192}};
const Registration kClip{{"clip", clip, clips, 8192}};
const Registration kLine{{"transcoder_line", transcoder_line, lines, 1024}};

}  // namespace
}  // namespace loa::fuzz
