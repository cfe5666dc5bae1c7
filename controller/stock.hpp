#pragma once
#include <filesystem>

#include "controller/media/clip_store.hpp"
#include "controller/store/store.hpp"

namespace loa::controller {

/// Takes the shipped stock clips (`folder`/index.json) into the clip store and the database, so that plans carry them and alerts can
/// call them by name. Throws std::runtime_error naming the file where the index or a clip is not what the index says. Blocks;
/// before the loop runs.
void take_stock(const std::filesystem::path& folder, media::ClipStore& clips, store::Store& store);

}  // namespace loa::controller
