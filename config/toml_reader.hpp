#pragma once
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace loa::config {

/// A setting that stops the program; what() is `FILE:LINE:COLUMN: message` for a person to read.
class ConfigError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One table of a TOML file, read strictly: every key must be asked for, or finish() refuses it.
/// Keys are asked for by name with the value that holds when they are absent. Values outside the stated
/// limits, of another type, or unknown keys throw ConfigError with file, line and column.
class Section {
 public:
  ~Section();
  Section(Section&&) noexcept;
  Section& operator=(Section&&) noexcept;

  std::string text(const char* key, std::string fallback);
  std::string required_text(const char* key);
  std::int64_t integer(const char* key, std::int64_t fallback, std::int64_t least, std::int64_t most);
  bool flag(const char* key, bool fallback);
  std::vector<std::string> texts(const char* key, std::vector<std::string> fallback, std::size_t most);
  /// A whole number with unit: "250ms", "5s", "30m", "2h", "7d".
  std::chrono::milliseconds duration(const char* key, std::chrono::milliseconds fallback,
                                     std::chrono::milliseconds least, std::chrono::milliseconds most);
  /// A path; a relative one is taken from the folder of the file.
  std::filesystem::path path(const char* key, const std::filesystem::path& fallback);
  /// The named table below this one; an empty one where it is absent.
  Section table(const char* key);
  /// Refuses the first key that nobody asked for, here and in the tables taken from here.
  void finish() const;
  /// Throws ConfigError at `key` (or at the table where it is absent).
  [[noreturn]] void refuse(const char* key, const std::string& message) const;

 private:
  friend class TomlFile;
  struct Node;
  explicit Section(std::shared_ptr<Node> node);
  std::shared_ptr<Node> node_;
};

/// A whole TOML 1.0 file of at most 1 MiB; throws ConfigError when it cannot be read or parsed.
class TomlFile {
 public:
  explicit TomlFile(const std::filesystem::path& file);
  /// From text, for tests; `name` stands for the file in messages.
  TomlFile(const std::string& text, const std::string& name);
  Section& root() { return root_; }

 private:
  Section root_;
};

}  // namespace loa::config
