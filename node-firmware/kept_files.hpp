#pragma once
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "node-firmware/durable_file.hpp"

namespace loa::node {

/// What a damaged disk took from the node, for its log and its state.
struct Loss {
  std::string file;  ///< its name in the state folder
  std::string why;   ///< one sentence: what is wrong with it, and what the node does without it
};

/// Reads what the node wrote itself. No kept file may keep a board from starting, so one that cannot be read (no file, too large, damaged)
/// is set aside, said in the log and counted as lost, and the node goes on without it. Loop thread.
class KeptFiles {
 public:
  explicit KeptFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

  const std::filesystem::path& folder() const { return folder_; }
  std::filesystem::path path(const std::string& name) const { return folder_ / name; }

  /// The whole file `name`, at most `most` bytes; nothing where there is none, or none that can be read: then the node goes on as
  /// `without` says.
  std::optional<std::string> read(const std::string& name, std::size_t most, const char* without);
  /// The same for what write_twice() wrote: the copy's text where the file's does not satisfy `good` (says why, empty: it does). What
  /// of the two is damaged or older is made good.
  std::optional<std::string> read_twice(const std::string& name, std::size_t most, const char* without,
                                        const std::function<std::string(const std::string&)>& good);
  /// Writes durably, and a copy to `name`.copy, because nobody could tell it to the node again. Throws std::system_error where the first
  /// cannot be written.
  void write_twice(const std::string& name, const std::string& bytes, const DiskHook& hook = {});

  /// `name` cannot be used: sets it aside, says so and counts it.
  void lose(const std::string& name, const std::string& why, std::size_t most = SIZE_MAX);

  const std::vector<Loss>& losses() const { return losses_; }

 private:
  void write_copy(const std::string& name, const std::string& bytes, const DiskHook& hook);

  std::filesystem::path folder_;
  std::vector<Loss> losses_;
};

}  // namespace loa::node
