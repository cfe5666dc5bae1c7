#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

namespace loa::node::edge {

/// The first word of a file of sysfs, at most 64 characters; nothing where it cannot be read.
std::optional<std::string> read_word(const std::filesystem::path& file);
/// The whole number that such a file holds; nothing where it holds anything else.
std::optional<std::int64_t> read_number(const std::filesystem::path& file);

/// As read_number(), of a number that may have a fraction.
std::optional<double> read_decimal(const std::filesystem::path& file);

}  // namespace loa::node::edge
