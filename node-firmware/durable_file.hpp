#pragma once
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace loa::node {

/// The steps of a durable write, in their order.
enum class DiskStep { create, write, sync, rename, sync_folder };

/// Called before each step; a test throws from it to stand for a crash at that step.
using DiskHook = std::function<void(DiskStep)>;

/// Replaces `file` so that a crash at any moment leaves either the old or the new content (write, fsync, rename, fsync of
/// the folder); mode 0600. What is no file and stands in the way is set aside. Throws std::system_error when the disk refuses. Loop
/// thread.
void write_durably(const std::filesystem::path& file, std::string_view bytes, const DiskHook& hook = {});

/// The whole file, nothing where there is none; throws std::system_error when it cannot be read or is above `most` bytes.
std::optional<std::string> read_whole(const std::filesystem::path& file, std::size_t most);

/// Removes `file` so that it stays removed after a crash; absent is fine.
void remove_durably(const std::filesystem::path& file);

/// Moves what is at `file`, be it a folder, to `file`.damaged, in the place of what was set aside before, so that it is in nobody's way
/// and a person can look at it; a file is cut to `most` bytes. Removes it where it cannot be moved. Never throws.
void set_aside(const std::filesystem::path& file, std::size_t most = SIZE_MAX) noexcept;

/// Makes `folder` with mode 0700 where it is absent; throws std::system_error when that fails.
void make_private_folder(const std::filesystem::path& folder);

}  // namespace loa::node
