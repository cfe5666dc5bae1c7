#pragma once
#include <filesystem>
#include <string>

#include "controller/store/session.hpp"

namespace loa::store {

/// Writes a copy of the store `url` into the new SQLite file `to`: everything that was committed at one moment, while a controller may
/// go on serving it. On SQLite with `vacuum into`, which leaves what was deleted behind; from PostgreSQL row by row out of one
/// repeatable-read snapshot, read back and compared as move_store does. The copy is looked through (find_damage) and on disk when this
/// returns. Writes nothing to `url` and needs no Hold. Throws std::runtime_error where a URL is wrong, the store is missing, damaged or
/// of another schema, or `to` is there; what was begun is then removed.
void copy_store(const std::string& url, const std::filesystem::path& to);

/// One sentence on what is wrong with a SQLite store's file: it is missing, empty, no database, another program's, or damaged (`pragma
/// quick_check`, references). Empty where nothing is found. Writes nothing but what SQLite itself writes to finish a cut-off commit.
std::string find_damage(const std::filesystem::path& file);

/// The number of the newest migration that this program knows.
int newest_schema();

}  // namespace loa::store
