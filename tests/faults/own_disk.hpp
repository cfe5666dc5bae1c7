#pragma once
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "tests/faults/world.hpp"
#include "tests/support/lossy_disk.hpp"

namespace loa::tests {

/// From now on the board finds its state on this disk.
inline void plug(const World& world, const std::string& code, const LossyDisk& disk) {
  std::filesystem::create_directory_symlink(disk.path() / "state", world.state(code));
}

/// Starts the board and waits until it is ready; throws std::runtime_error with its own words where it is not in 20 s.
inline void start_on_disk(World& world, const std::string& code) {
  world.start(code);
  if (!eventually(std::chrono::seconds(20), [&] { return world.ready(code, std::chrono::milliseconds(0)); }))
    throw std::runtime_error("no start on a disk of its own:\n" + world.last_lines(code));
}

/// A disk of the board's own with its state on it, on which the board has started. Throws Skipped where this machine can make none.
inline std::unique_ptr<LossyDisk> give_own_disk(World& world, const std::string& code) {
  if (const auto why = LossyDisk::missing(); !why.empty()) throw Skipped(why);
  world.node(code).kill();
  auto disk = std::make_unique<LossyDisk>(40);
  std::filesystem::copy(world.state(code), disk->path() / "state", std::filesystem::copy_options::recursive);
  ::sync();  // also through a power cut that comes at once
  std::filesystem::remove_all(world.state(code));
  plug(world, code, *disk);
  start_on_disk(world, code);
  return disk;
}

/// Ends the board before its disk goes.
struct OffAtEnd {
  World& world;
  const std::string& code;
  ~OffAtEnd() { world.node(code).kill(); }
};

}  // namespace loa::tests
