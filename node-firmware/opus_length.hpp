#pragma once
#include <filesystem>
#include <optional>

#include "scheduler/time.hpp"

namespace loa::node {

/// How long an Ogg/Opus file sounds (RFC 7845: last granule position − pre-skip, at 48 kHz); nothing where it is none.
std::optional<scheduler::Millis> opus_length(const std::filesystem::path& file);

}  // namespace loa::node
