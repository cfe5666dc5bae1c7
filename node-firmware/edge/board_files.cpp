#include "node-firmware/edge/board_files.hpp"

#include <charconv>
#include <fstream>
#include <iomanip>

namespace loa::node::edge {

std::optional<std::string> read_word(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  if (in >> std::setw(64) >> word) return word;
  return std::nullopt;
}

std::optional<std::int64_t> read_number(const std::filesystem::path& file) {
  const auto word = read_word(file);
  if (!word) return std::nullopt;
  std::int64_t number = 0;
  const auto* end = word->data() + word->size();
  const auto read = std::from_chars(word->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace loa::node::edge
