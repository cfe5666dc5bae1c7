#pragma once
#include <memory>

#include "node-firmware/database.hpp"
#include "node-firmware/kept_files.hpp"

namespace loa::node {

/// Opens `node.db` in the folder of `files` and reads everything in it once. Where any of it is damaged the whole file is lost (kept_files.hpp;
/// it stays there for a person, with the records that the controller does not have) and a new one with a new log begins. Throws
/// DatabaseError where that fails too, or where the file is whole but cannot be used now: locked, disk full. Loop thread.
std::unique_ptr<Database> open_kept_database(KeptFiles& files);

}  // namespace loa::node
