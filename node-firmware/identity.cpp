#include "node-firmware/identity.hpp"

#include <fmt/format.h>

#include "node-firmware/command_line.hpp"
#include "protocol/limits.hpp"

namespace loa::node {

namespace {

constexpr const char* kBundle = "bundle.json";

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
  KeptFiles files(state);
  const auto kept = files.path(kBundle);
  const auto before = files.read_twice(kBundle, protocol::kMaxBundle, "its copy neither: ask for another bundle with `loa node replace`",
                                       [&kept](const std::string& text) -> std::string {
                                         try {
                                           read(text, kept);
                                           return "";
                                         } catch (const JoinError&) {
                                           return "not a bundle";
                                         }
                                       });
  if (bundle_file) {
    const auto given = read_whole(*bundle_file, protocol::kMaxBundle);
    if (!given) throw JoinError(kExitNotJoined, fmt::format("{}: no such bundle file", bundle_file->string()));
    auto identity = read(*given, *bundle_file);
    if (before && read(*before, kept).bundle.node != identity.bundle.node)
      throw JoinError(kExitBundle, fmt::format("{}: is for node {}, but {} already holds node {}; use an empty state folder",
                                               bundle_file->string(), identity.bundle.node, state.string(),
                                               read(*before, kept).bundle.node));
    if (before != given) files.write_twice(kBundle, *given);
    identity.losses = files.losses();
    return identity;
  }
  if (!before && !files.losses().empty())
    throw JoinError(kExitBundle, fmt::format("{}: damaged, and its copy too; start once with --bundle FILE, a new one of `loa node replace` in an "
                                             "empty state folder", kept.string()));
  if (!before)
    throw JoinError(kExitNotJoined, fmt::format("{}: this node has not joined yet; start it once with --bundle FILE, "
                                                "the file that `loa node add` wrote", state.string()));
  auto identity = read(*before, kept);
  identity.losses = files.losses();
  return identity;
}

}  // namespace loa::node
