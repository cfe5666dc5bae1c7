#include "tools/loa/keys_status.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controller/authority/key_files.hpp"
#include "protocol/authorities.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostNodes = 100'000;

json::object answer_of(const protocol::KeySet& set, const std::vector<authority::WorkingKey>* here) {
  json::array keys;
  for (const auto& key : set.keys) {
    json::array may_sign;
    for (const auto type : key.may_sign) may_sign.emplace_back(protocol::name_of(type));
    json::object one{{"kid", key.kid},
                     {"may_sign", std::move(may_sign)},
                     {"branch", key.branch},
                     {"not_before", scheduler::to_rfc3339(key.not_before)},
                     {"not_after", scheduler::to_rfc3339(key.not_after)}};
    if (key.revoked) one["revoked"] = scheduler::to_rfc3339(*key.revoked);
    if (here) one["here"] = std::any_of(here->begin(), here->end(), [&](const auto& own) { return own.kid == key.kid; });
    keys.push_back(std::move(one));
  }
  json::object answer{{"number", set.number}, {"issued_at", scheduler::to_rfc3339(set.issued)}, {"keys", std::move(keys)}};
  if (!set.authorities) return answer;
  json::array authorities;
  for (const auto& one : protocol::authority_facts(set))
    authorities.push_back({{"name", one.name}, {"sha256", one.sha256}, {"ends_at", scheduler::to_rfc3339(one.ends)}});
  answer["authorities"] = std::move(authorities);
  return answer;
}

void print(const json::value& status, bool here) {
  fmt::print("key set {} of {}\n", text_of(status, "number"), text_of(status, "issued_at"));
  std::vector<Column> columns{{"KEY", "kid"}, {"BRANCH", "branch"}, {"FROM", "not_before"}, {"UNTIL", "not_after"}, {"REVOKED", "revoked"}, {"MAY SIGN", "may_sign"}};
  if (here) columns.push_back({"HERE", "here"});
  print_table(status.at("keys").as_array(), columns);
  if (const auto* authorities = status.as_object().if_contains("authorities")) {
    fmt::print("\nnodes trust these authorities in place of their bundle's\n");
    print_table(authorities->as_array(), {{"AUTHORITY", "name"}, {"UNTIL", "ends_at"}, {"SHA-256", "sha256"}});
  }
}

json::value reported_at(const json::value& node) {
  const auto* report = node.as_object().if_contains("report");
  return report ? report->at("reported_at") : json::value("");
}

/// Nodes that have reported another number than `number`, or nothing yet.
json::array behind(const json::array& all, std::int64_t number) {
  json::array nodes;
  for (const auto& node : all) {
    const auto* report = node.as_object().if_contains("report");
    const auto held = report ? report->at("key_set").to_number<std::int64_t>() : 0;
    if (held < number) nodes.push_back({{"code", node.at("code")}, {"id", node.at("id")}, {"key_set", held}, {"reported_at", reported_at(node)}});
  }
  return nodes;
}

/// Nodes whose certificate in force is by another authority than `newest`, or by nobody knows whom.
json::array left_behind(const json::array& all, const std::string& newest) {
  json::array nodes;
  for (const auto& node : all) {
    const auto* certificate = node.as_object().if_contains("certificate");
    const auto by = certificate ? text_of(*certificate, "by") : std::string();
    if (by == newest) continue;
    const bool bundled = certificate && certificate->at("bundled").as_bool();
    nodes.push_back({{"code", node.at("code")}, {"id", node.at("id")}, {"by", by}, {"bundled", bundled}, {"reported_at", reported_at(node)}});
  }
  return nodes;
}

void print_left_behind(const json::array& nodes, const std::string& newest) {
  if (nodes.empty()) return fmt::print("\nevery node has its certificate by {}: `--end-authority` shuts nobody out\n", newest);
  fmt::print("\n{} nodes have no certificate by {} yet: `--end-authority` would shut them out\n", nodes.size(), newest);
  print_table(nodes, {{"CODE", "code"}, {"BY", "by"}, {"BUNDLE", "bundled"}, {"REPORTED", "reported_at"}, {"ID", "id"}});
}

}  // namespace

void show_published_keys(const Context& context) {
  auto client = context.client();
  auto status = client.get("/keys");
  const auto all = client.all("/nodes", {}, kMostNodes);
  const auto nodes = behind(all, status.at("number").to_number<std::int64_t>());
  const auto* authorities = status.as_object().if_contains("authorities");
  const auto newest = authorities && !authorities->as_array().empty() ? text_of(authorities->at(0), "name") : std::string();
  const auto others = newest.empty() ? json::array() : left_behind(all, newest);
  if (context.json) {
    status.as_object()["behind"] = nodes;
    if (!newest.empty()) status.as_object()["older_authority"] = others;
    return print_json(status);
  }
  print(status, false);
  if (!newest.empty()) print_left_behind(others, newest);
  if (nodes.empty()) return fmt::print("\nevery node holds it\n");
  fmt::print("\n{} nodes hold an older one\n", nodes.size());
  print_table(nodes, {{"CODE", "code"}, {"KEY SET", "key_set"}, {"REPORTED", "reported_at"}, {"ID", "id"}});
}

void show_keys_in(const Context& context, const std::filesystem::path& controller) {
  const auto keys = authority::load_keys(controller);
  const auto status = answer_of(keys.key_set, &keys.working);
  if (context.json) return print_json(status);
  print(status, true);
}

void show_keys_of(const Context& context, const std::string& jws) {
  const auto envelope = protocol::open(jws.substr(0, jws.find_first_of("\r\n")), protocol::MessageType::keys);
  if (!envelope) throw CommandError(kRefused, fmt::format("not a key set: {}: {}", envelope.error().where, envelope.error().message));
  const auto set = protocol::decode_keys(envelope->payload);
  if (!set) throw CommandError(kRefused, fmt::format("not a key set: {}: {}", set.error().where, set.error().message));
  const auto status = answer_of(*set, nullptr);
  if (context.json) return print_json(status);
  print(status, false);
}

}  // namespace loa::tool
