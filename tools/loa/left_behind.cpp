#include "tools/loa/left_behind.hpp"

#include <fmt/format.h>
#include <soci/soci.h>

#include <filesystem>

#include "controller/authority/files.hpp"
#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/open_to_read.hpp"
#include "protocol/authorities.hpp"
#include "tools/loa/command.hpp"

namespace loa::tool {

namespace {

constexpr std::size_t kMostNamed = 20;
constexpr const char* kOtherwise = "or say --leave-behind: who is shut out needs a new bundle (`loa node replace CODE`)";

std::unique_ptr<store::Session> read_store(const std::filesystem::path& controller, const std::string& database) {
  const auto file = controller / "loa.db";
  if (database.empty() && !std::filesystem::exists(file))
    throw CommandError(kRefused, fmt::format("{}: is not there, so that nobody can tell which boards would be shut out; name the database with --database URL, {}", file.string(), kOtherwise));
  try {
    return store::open_to_read(database.empty() ? file.string() : database);
  } catch (const std::exception& error) {
    throw CommandError(kRefused, fmt::format("{}: nobody can tell which boards would be shut out; {}", error.what(), kOtherwise));
  }
}

}  // namespace

void refuse_to_leave_behind(const std::string& controller, const std::string& database) {
  const auto next = std::filesystem::path(controller) / "authority/next/ca.pem";
  if (!std::filesystem::exists(next)) return;  // there is nothing to end, which is said elsewhere
  const auto authority = protocol::authority_text(authority::read_file(next)).value();
  const auto session = read_store(controller, database);
  std::size_t count = 0;
  std::string names;
  for (const auto& node : store::list_live_nodes(*session)) {
    const auto keys = store::find_keys_in_force(*session, node);
    if (keys && protocol::is_by(keys->certificate_pem, authority)) continue;
    if (++count > kMostNamed) continue;
    names += fmt::format("{}{}{}", names.empty() ? "" : ", ", node.code, !keys || keys->bundled ? " (with its bundle, not joined)" : "");
  }
  if (count == 0) return;
  if (count > kMostNamed) names += fmt::format(" and {} more", count - kMostNamed);
  throw CommandError(kRefused, fmt::format("boards without a certificate by the next authority would be shut out ({}): {}; wait until they were there (`loa keys status`), {}", count,
                                           names, kOtherwise));
}

}  // namespace loa::tool
