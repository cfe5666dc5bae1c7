#include "controller/keep_revocations.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <set>
#include <vector>

#include "controller/authority/live_broker_files.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/recovery_hold.hpp"

namespace loa::controller {

namespace {

using authority::BrokerAccess;
using Notes = std::vector<store::HoldNote>;

bool counts(const std::optional<BrokerAccess>& live, const std::optional<BrokerAccess>& own) {
  return live && (!own || live->crl_number >= own->crl_number);
}

std::set<std::string> revoked_serials(const authority::CertificateAuthority& authority) {
  std::set<std::string> serials;
  for (const auto& one : authority.revoked()) serials.insert(one.serial);
  return serials;
}

Notes retire_barred(store::Transaction& transaction, const BrokerAccess& live) {
  Notes notes;
  auto hold = store::find_recovery_hold(transaction.session());
  if (!hold) hold = store::find_unfinished_hold(transaction.session());
  for (const auto& node : store::list_live_nodes(transaction.session())) {
    // One that was added since the hold began may be younger than the files.
    if (live.nodes.contains(node.id) || (hold && node.created > hold->begun)) continue;
    store::retire_node(transaction, node.id);
    notes.push_back({"revoked_node", node.id, fmt::format("{} ({}): the broker's files give it no rights any more", node.code, node.name)});
  }
  for (const auto& id : live.nodes)
    if (!store::find_node(transaction.session(), id)) notes.push_back({"unknown_node", id, "the broker's files give it rights, and it was added after the backup"});
  return notes;
}

}  // namespace

void keep_revocations(store::Store& store, authority::CertificateAuthority& authority, const std::filesystem::path& own, const std::filesystem::path& live) {
  const auto found = authority::read_broker_access(live, authority);
  const bool newer = counts(found, authority::read_broker_access(own, authority));
  Notes notes;
  if (newer) {
    const auto known = revoked_serials(authority);
    std::vector<std::string> serials;
    for (const auto& one : found->revoked) {
      if (known.contains(one.serial)) continue;
      serials.push_back(one.serial);
      notes.push_back({"revoked_certificate", one.serial, "it is on the broker's list of revoked ones"});
    }
    authority.revoke(serials, store.clock().now());
  } else {
    notes.push_back({"no_broker_files", live.string(),
                     "no files of a broker that are newer than the backup are there: boards revoked after it are live again unless you revoke them"});
  }
  auto work = [&](store::Transaction& transaction) {
    auto ended = newer ? retire_barred(transaction, *found) : Notes();
    ended.insert(ended.end(), notes.begin(), notes.end());
    for (const auto& note : ended) store::add_hold_note(transaction, note);
    return ended;
  };
  for (const auto& note : store.write_sync(store::system_actor(), work)) spdlog::warn("hold: {} {}: {}", note.kind, note.id, note.detail);
}

}  // namespace loa::controller
