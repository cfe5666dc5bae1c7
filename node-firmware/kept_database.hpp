#pragma once
#include <memory>

#include "node-firmware/database.hpp"
#include "node-firmware/kept_files.hpp"

namespace loa::node {

/// Opens `name` in the folder of `files` and reads everything in it once. Where any of it is damaged the whole file is lost (kept_files.hpp;
/// it stays there for a person, with the records that the controller does not have) and a new one with a new log begins. Where the disk
/// takes no writes it is a lent one (Database::lend) in $RUNTIME_DIRECTORY, /dev/shm or the temporary folder. Throws DatabaseError where
/// that fails too, or where another process holds the file. Loop thread.
std::unique_ptr<Database> open_kept_database(KeptFiles& files, DiskHealth& disk, const std::string& name = "node.db");

/// Sets the database `name` aside, with what SQLite keeps beside it: it is lost (kept_files.hpp).
void lose_database(KeptFiles& files, const std::string& name, const std::string& why);

}  // namespace loa::node
