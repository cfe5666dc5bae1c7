#pragma once
#include <spdlog/sinks/base_sink.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace loa::node {

/// What lines of one kind have in common: their level and their first four words, every word with a digit in it being the same.
std::string kind_of(spdlog::level::level_enum level, std::string_view line);

/// Keeps a log readable and small where something goes wrong again and again: of one kind of line kMost a minute pass, the rest is counted and
/// said in one line once that minute is over, at the same level, with the last of them. So the first line of a kind is never held back,
/// nor a line of another kind. Any thread.
class LogSqueezer final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  static constexpr int kMost = 10;                          ///< lines of a kind in kWindow
  static constexpr std::chrono::nanoseconds kWindow = std::chrono::minutes(1);
  static constexpr std::size_t kKinds = 64;                 ///< watched at once; of more the one that was silent longest is said and forgotten

  /// `inner` gets what passes; `now` is the monotonic clock, on any thread.
  LogSqueezer(std::shared_ptr<spdlog::sinks::sink> inner, std::function<std::chrono::nanoseconds()> now);

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  /// Also says what was counted in minutes that are over.
  void flush_() override;
  void set_pattern_(const std::string& pattern) override;
  void set_formatter_(std::unique_ptr<spdlog::formatter> formatter) override;

 private:
  struct Kind {
    std::chrono::nanoseconds begin{};  ///< of its minute
    std::chrono::nanoseconds last{};
    int passed = 0;
    std::int64_t held = 0;
    std::string line;                  ///< the last that was held back
    spdlog::level::level_enum level = spdlog::level::info;
  };
  void say(const Kind& kind);
  void close_old(std::chrono::nanoseconds now);
  void make_room();

  std::shared_ptr<spdlog::sinks::sink> inner_;
  std::function<std::chrono::nanoseconds()> now_;
  std::map<std::string, Kind> kinds_;
};

/// Puts a squeezer before what the default logger writes to. Once, before other threads log.
void squeeze_default_log();

}  // namespace loa::node
