#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace loa::node {

/// Counts starts that ended badly, in `starts` in the service's runtime folder: memory, so that it costs no flash and a power cut, the
/// cure of much, begins anew. Without such a folder nothing is counted. No error of that folder keeps a node from starting.
class StartCount {
 public:
  static constexpr int kSafeAfter = 5;                         ///< quick deaths in a row, then the safe mode
  static constexpr std::chrono::minutes kGood{10};             ///< a run this long did not die quickly
  static constexpr std::chrono::hours kTryAgain{6};            ///< a safe mode this old ends for a trial of the normal one

  /// What a start is to do.
  struct Start {
    int deaths = 0;                     ///< quick ones just before it
    std::chrono::seconds wait{0};       ///< before it begins: 0, then 5 s more for each death, a minute at most
    std::optional<std::string> safe;    ///< why it is to run in safe mode
  };

  /// `folder`: $RUNTIME_DIRECTORY, or empty.
  explicit StartCount(std::filesystem::path folder);

  /// Counts this start as dying until one of the others is called.
  Start begin();
  /// It has run for kGood: what dies now did not die quickly.
  void good();
  /// It ended as it was told to.
  void ended();
  /// The safe mode ends for a trial: one more quick death leads back to it.
  void trial();
  /// What the program knows of its own death, for the next one's `safe`.
  void dies(const std::string& why);

 private:
  struct Kept {
    int deaths = 0;
    std::string why;
  };
  Kept read() const;
  void write(const Kept& kept) const;

  std::filesystem::path file_;
};

/// $RUNTIME_DIRECTORY of systemd.exec(5), the first where there are several; empty where it is not set.
std::filesystem::path runtime_folder();

}  // namespace loa::node
