#pragma once
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/places.hpp"
#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// The command line `loa` with a folder of its own: nothing of the account that runs the test is read or
/// written.
class CommandLine {
 public:
  struct Said {
    int code = -1;
    std::string out, err;
  };

  /// Runs `loa` with these arguments and nothing on standard input; throws where it does not end within 60 s.
  Said operator()(std::vector<std::string> arguments, const std::vector<std::string>& environment = {}) {
    arguments.insert(arguments.begin(), (program_folder() / "loa").string());
    std::vector<std::string> all{"LOA_SESSION=" + session_file().string(), "HOME=" + folder_.path().string()};
    all.insert(all.end(), environment.begin(), environment.end());
    Process process(std::move(arguments), {folder_.path(), "loa-" + std::to_string(++calls_), std::move(all), folder_.path()});
    const auto code = process.wait(std::chrono::seconds(60));
    if (!code) throw std::runtime_error("loa does not end");
    return {*code, process.out(), process.err()};
  }

  /// The working folder of every call.
  const std::filesystem::path& folder() const { return folder_.path(); }
  std::filesystem::path session_file() const { return folder_ / "session.json"; }

 private:
  tests::TempFolder folder_;
  int calls_ = 0;
};

}  // namespace loa::tests
