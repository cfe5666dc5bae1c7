#include "node-firmware/sink_wav.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <vector>

namespace loa::node {
namespace {

constexpr std::int64_t kHeader = 44;
constexpr std::int64_t kMostFrames = (std::int64_t{2} << 30) / 2;

void put(unsigned char* at, std::uint32_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) at[i] = static_cast<unsigned char>(value >> (8 * i));
}

/// RIFF/WAVE header, PCM, as in Microsoft's "Multimedia Programming Interface" of 1991.
std::array<unsigned char, kHeader> header(std::int64_t frames) {
  std::array<unsigned char, kHeader> h{};
  const auto bytes = static_cast<std::uint32_t>(frames * 2);
  std::memcpy(h.data(), "RIFF", 4);
  put(&h[4], bytes + kHeader - 8, 4);
  std::memcpy(&h[8], "WAVEfmt ", 8);
  put(&h[16], 16, 4);
  put(&h[20], 1, 2);
  put(&h[22], 1, 2);
  put(&h[24], WavRecording::kRate, 4);
  put(&h[28], WavRecording::kRate * 2, 4);
  put(&h[32], 2, 2);
  put(&h[34], 16, 2);
  std::memcpy(&h[36], "data", 4);
  put(&h[40], bytes, 4);
  return h;
}

std::int16_t mix(std::int16_t a, std::int16_t b) {
  return static_cast<std::int16_t>(std::clamp(int{a} + int{b}, -32768, 32767));
}

std::string time_text(std::int64_t us) {
  const auto whole = scheduler::from_ms(us / 1'000'000 * 1000);
  std::string text = scheduler::to_rfc3339(whole);
  text.pop_back();
  return fmt::format("{}.{:06}Z", text, us % 1'000'000);
}

std::int64_t us_of(const protocol::Clock& clock, SteadyTime steady) {
  // How far the clock's next whole millisecond lies ahead on the monotonic clock gives the µs that it does not show.
  const auto soon = clock.now() + std::chrono::milliseconds(2);
  const auto ahead = std::chrono::duration_cast<std::chrono::microseconds>(steady_of(clock, soon) - steady);
  return scheduler::to_ms(soon) * 1000 - ahead.count();
}

}  // namespace

WavRecording::WavRecording(std::filesystem::path file, const protocol::Clock& clock) : file_(std::move(file)), clock_(clock) {
  fd_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) throw std::runtime_error("cannot write the recording " + file_.string());
  if (reopen()) {
    const SteadyTime now = std::chrono::steady_clock::now();
    opened_ = now - std::chrono::microseconds(us_of(clock_, now) - opened_us_);
  } else {
    begin();
  }
}

WavRecording::~WavRecording() {
  const std::lock_guard lock(mutex_);
  frames_ = std::max(frames_, std::min(frame_of(std::chrono::steady_clock::now()), kMostFrames));
  write_header();
  ::close(fd_);
}

bool WavRecording::reopen() {
  struct stat info {};
  if (::fstat(fd_, &info) != 0 || info.st_size < kHeader) return false;
  std::ifstream in(file_.string() + ".json");
  const std::string text(std::istreambuf_iterator<char>(in), {});
  boost::system::error_code error;
  const auto json = boost::json::parse(text, error);
  if (error || !json.is_object()) return false;
  const auto* opened = json.as_object().if_contains("opened_us");
  if (!opened || !opened->is_int64()) return false;
  const auto* first = json.as_object().if_contains("first_frame");
  if (!first || !first->is_int64()) return false;
  opened_us_ = opened->as_int64();
  first_frame_ = first->as_int64();
  frames_ = (info.st_size - kHeader) / 2;
  return true;
}

void WavRecording::begin() {
  if (::ftruncate(fd_, 0) != 0) throw std::runtime_error("cannot empty the recording " + file_.string());
  opened_ = std::chrono::steady_clock::now();
  opened_us_ = us_of(clock_, opened_);
  write_header();
  write_sidecar();
}

std::int64_t WavRecording::frame_of(SteadyTime moment) const {
  const auto ns = (moment - opened_).count();
  return (ns / 1'000'000'000) * kRate + (ns % 1'000'000'000) * kRate / 1'000'000'000;
}

void WavRecording::add(std::int64_t frame, std::span<const std::int16_t> samples) {
  if (frame < 0) {
    samples = samples.subspan(static_cast<std::size_t>(std::min<std::int64_t>(-frame, std::ssize(samples))));
    frame = 0;
  }
  if (samples.empty() || frame + std::ssize(samples) > kMostFrames) return;
  const std::lock_guard lock(mutex_);
  std::vector<std::int16_t> sum(samples.size());
  const auto got = ::pread(fd_, sum.data(), sum.size() * 2, kHeader + frame * 2);
  if (got < 0) return;
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = mix(sum[i], samples[i]);
  if (::pwrite(fd_, sum.data(), sum.size() * 2, kHeader + frame * 2) < 0) return;
  frames_ = std::max(frames_, frame + std::ssize(samples));
  write_header();
  if (first_frame_) return;
  first_frame_ = frame;
  opened_us_ = us_of(clock_, opened_);
  write_sidecar();
}

void WavRecording::write_header() {
  const auto h = header(frames_);
  // A recording that cannot be written any more must not stop the sound.
  if (::pwrite(fd_, h.data(), h.size(), 0) < 0 || ::ftruncate(fd_, kHeader + frames_ * 2) != 0) return;
}

void WavRecording::write_sidecar() const {
  boost::json::object json{{"rate", kRate}, {"opened", time_text(opened_us_)}, {"opened_us", opened_us_}};
  if (first_frame_) {
    json["first_frame"] = *first_frame_;
    json["first_sample"] = time_text(opened_us_ + *first_frame_ * 1'000'000 / kRate);
  }
  const auto name = file_.string() + ".json";
  std::ofstream(name + ".new") << boost::json::serialize(json) << '\n';
  std::error_code ignored;
  std::filesystem::rename(name + ".new", name, ignored);
}

}  // namespace loa::node
