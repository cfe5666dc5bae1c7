#include "node-firmware/edge/board_files.hpp"

#include <charconv>
#include <cmath>
#include <fstream>
#include <iomanip>

namespace loa::node::edge {

std::optional<std::string> read_word(const std::filesystem::path& file) {
  std::ifstream in(file);
  std::string word;
  if (in >> std::setw(64) >> word) return word;
  return std::nullopt;
}

namespace {

template <class Number>
std::optional<Number> number_in(const std::filesystem::path& file) {
  const auto word = read_word(file);
  if (!word) return std::nullopt;
  Number number{};
  const auto* end = word->data() + word->size();
  const auto read = std::from_chars(word->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

std::optional<std::int64_t> read_number(const std::filesystem::path& file) { return number_in<std::int64_t>(file); }

std::optional<double> read_decimal(const std::filesystem::path& file) {
  const auto number = number_in<double>(file);
  return number && std::isfinite(*number) ? number : std::nullopt;
}

}  // namespace loa::node::edge
