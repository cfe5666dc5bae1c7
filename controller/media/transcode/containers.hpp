#pragma once
#include "controller/media/transcode/byte_window.hpp"
#include "controller/media/transcode/inspect.hpp"

namespace loa::media {

/// One reader of headers for each kind of file, called by inspect() once the first bytes have named the kind.
Result<Inspection> inspect_wav(ByteWindow& file, std::uint64_t max_bytes);
Result<Inspection> inspect_ogg(ByteWindow& file, std::uint64_t max_bytes);
Result<Inspection> inspect_flac(ByteWindow& file, std::uint64_t offset);
Result<Inspection> inspect_m4a(ByteWindow& file, std::uint64_t max_bytes);
/// Also says `not_audio` for whatever nobody else recognised.
Result<Inspection> inspect_mp3(ByteWindow& file, std::uint64_t offset);

/// `truncated`, or `claims_huge` where more is claimed than any file may hold.
Problem shortfall(const char* kind, std::uint64_t claimed, std::uint64_t there, std::uint64_t max_bytes);

}  // namespace loa::media
