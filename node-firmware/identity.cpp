#include "node-firmware/identity.hpp"

#include <fmt/format.h>

#include "node-firmware/command_line.hpp"
#include "node-firmware/durable_file.hpp"
#include "protocol/limits.hpp"

namespace loa::node {

namespace {

Identity read(const std::string& text, const std::filesystem::path& file) {
  auto bundle = protocol::decode_bundle(text);
  if (!bundle)
    throw JoinError(kExitBundle, fmt::format("{}: not a bundle: {}: {}", file.string(), bundle.error().where,
                                             bundle.error().message));
  auto key = protocol::PrivateKey::from_pem(bundle->signing_key_pem);
  if (!key)
    throw JoinError(kExitBundle, fmt::format("{}: not a bundle: /signing_key_pem: {}", file.string(), key.error().message));
  return {std::move(*bundle), std::move(*key)};
}

}  // namespace

Identity join(const std::filesystem::path& state, const std::optional<std::filesystem::path>& bundle_file) {
  make_private_folder(state);
  const auto kept = state / "bundle.json";
  const auto before = read_whole(kept, protocol::kMaxBundle);
  if (bundle_file) {
    const auto given = read_whole(*bundle_file, protocol::kMaxBundle);
    if (!given) throw JoinError(kExitNotJoined, fmt::format("{}: no such bundle file", bundle_file->string()));
    auto identity = read(*given, *bundle_file);
    if (before && read(*before, kept).bundle.node != identity.bundle.node)
      throw JoinError(kExitBundle, fmt::format("{}: is for node {}, but {} already holds node {}; use an empty state folder",
                                               bundle_file->string(), identity.bundle.node, state.string(),
                                               read(*before, kept).bundle.node));
    if (before != given) write_durably(kept, *given);
    return identity;
  }
  if (!before)
    throw JoinError(kExitNotJoined, fmt::format("{}: this node has not joined yet; start it once with --bundle FILE, "
                                                "the file that `loa node add` wrote", state.string()));
  return read(*before, kept);
}

}  // namespace loa::node
