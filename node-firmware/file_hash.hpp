#pragma once
#include <filesystem>
#include <optional>
#include <string>

namespace loa::node {

/// SHA-256 (FIPS 180-4) of a file in lower-case hex; nothing where it cannot be read. Any thread.
std::optional<std::string> hash_of_file(const std::filesystem::path& file);

}  // namespace loa::node
