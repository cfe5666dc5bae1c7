#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace loa::fuzz {

/// A parser of outside bytes, driven with inputs that nobody would send by accident. One source in tests/fuzz/targets/ holds a target whole:
/// its name, what it does with one input, and what its corpus begins with. Linking it is enough.
struct Target {
  std::string name;                          ///< also the folder of its corpus in tests/fuzz/corpus/
  void (*run)(std::string_view bytes);       ///< returns where all is well; whatever it throws is a finding
  std::vector<std::string> (*seeds)();       ///< good inputs to begin with
  std::size_t most_bytes = 16 * 1024;        ///< longer inputs teach nothing new
  bool runs_with_all = true;                 ///< false: only where it is named
};

/// Makes a target known; one static object for each.
class Registration {
 public:
  explicit Registration(Target target);
};

/// All of them, by name.
const std::vector<Target>& targets();
/// The named one, or null.
const Target* find_target(std::string_view name);

/// A finding: says which rule does not hold, and ends the process as a crash does.
[[noreturn]] void broken(std::string_view rule);
inline void demand(bool holds, std::string_view rule) {
  if (!holds) broken(rule);
}

/// For targets whose static objects end after main and sign or encrypt till then: OpenSSL does not end before them. Before its first use.
void let_openssl_stay();

/// A whole file of the checkout, for seeds; `path` from the root.
std::string file_of_checkout(const std::string& path);
/// The path of a file with these bytes; there until the next call.
std::string as_file(std::string_view bytes);

/// Takes numbers and texts from an input, front to back; zeros and nothing once it is used up.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : rest_(bytes) {}
  unsigned char byte();
  /// Up to the next line feed, which is taken too.
  std::string_view line();
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

}  // namespace loa::fuzz
