#include <fmt/format.h>
#include <soci/soci.h>

#include "controller/store/audit_chain.hpp"
#include "controller/store/open_to_read.hpp"
#include "tools/loa/command.hpp"

namespace loa::tool {

namespace json = boost::json;

namespace {

constexpr std::size_t kMostListed = 10'000;

struct AuditOptions {
  std::string user, action, subject, area, from, to, text, database, head;
  std::size_t limit = 100;
};

/// A row as the API writes it, with every member that the hash is of.
store::AuditRow row_of(const json::value& item) {
  store::AuditRow row;
  row.number = item.at("number").to_number<std::int64_t>();
  const auto at = scheduler::parse_rfc3339(text_of(item, "at"));
  if (!at) throw CommandError(kRefused, fmt::format("row {} has no time", row.number));
  row.at = *at;
  row.user = text_of(item, "user");
  row.address = text_of(item, "address");
  row.action = text_of(item, "action");
  row.subject = text_of(item, "subject");
  row.id = text_of(item, "id");
  row.area = text_of(item, "area");
  row.detail = text_of(item, "detail");
  row.previous_hash = text_of(item, "previous_hash");
  row.hash = text_of(item, "hash");
  return row;
}

/// The number and hash that were noted, "NUMBER:HASH".
std::pair<std::int64_t, std::string> noted(const std::string& head) {
  const auto colon = head.find(':');
  std::int64_t number = 0;
  try {
    number = std::stoll(head.substr(0, colon));
  } catch (const std::exception&) {
    number = 0;
  }
  if (colon == std::string::npos || number <= 0 || head.size() - colon - 1 != 64)
    throw CommandError(kUsage, fmt::format("`{}` is not NUMBER:HASH, as `loa audit verify` prints it", head));
  return {number, head.substr(colon + 1)};
}

/// Follows the chain and looks for the row that was noted.
class Verifier {
 public:
  explicit Verifier(const std::string& head) {
    if (!head.empty()) x_noted = noted(head);
  }
  void take(const store::AuditRow& row) {
    x_follower.take(row);
    if (x_noted && row.number == x_noted->first) x_found = row.hash;
  }
  /// The sentence and whether all is well.
  std::pair<std::string, bool> finish() {
    const auto check = x_follower.finish();
    if (check.fault) return {fmt::format("broken at row {}: {}", check.fault->number, check.fault->what), false};
    if (x_noted && x_found.empty()) return {fmt::format("row {} is gone: the log was cut off behind row {}", x_noted->first, check.last), false};
    if (x_noted && x_found != x_noted->second) return {fmt::format("row {} is not the one that was noted: the log was made anew", x_noted->first), false};
    return {fmt::format("{} rows hang together; note this: {}:{}", check.rows, check.last, check.hash), true};
  }

 private:
  store::AuditFollower x_follower;
  std::optional<std::pair<std::int64_t, std::string>> x_noted;
  std::string x_found;
};

void read_online(const Context& context, Verifier& verifier) {
  context.client().each("/audit", {}, [&](const json::value& item) {
    verifier.take(row_of(item));
    return true;
  });
}

void read_database(const std::string& url, Verifier& verifier) {
  const auto session = store::open_to_read(url);
  store::AuditFilter filter;
  filter.everything = true;
  filter.limit = 1'000;
  for (;;) {
    const auto rows = store::list_audit(*session, filter);
    for (const auto& row : rows) verifier.take(row);
    if (rows.size() < 1'000) return;
    filter.before_number = rows.back().number;
  }
}

void verify(const Context& context, const AuditOptions& options) {
  Verifier verifier(options.head);
  if (options.database.empty())
    read_online(context, verifier);
  else
    read_database(options.database, verifier);
  const auto [sentence, well] = verifier.finish();
  if (!well) throw CommandError(kRefused, sentence);
  context.show(json::object{{"ok", true}, {"message", sentence}}, sentence);
}

}  // namespace

void add_audit_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<AuditOptions>();
  auto* audit = app.add_subcommand("audit", "Who changed what: list, verify");
  audit->require_subcommand(1);
  auto* list = audit->add_subcommand("list", "Rows of the audit log of your areas, the newest first");
  list->add_option("--user", options->user, "User name, or the id of a user, node or token");
  list->add_option("--action", options->action, "Like add, update, approve");
  list->add_option("--subject", options->subject, "Kind of thing, like node, programme, user");
  list->add_option("--area", options->area, "Only this area and below");
  list->add_option("--from", options->from, "RFC 3339 time, inclusive");
  list->add_option("--to", options->to, "RFC 3339 time, exclusive");
  list->add_option("--text", options->text, "Part of detail, id, action, subject, address or user id");
  list->add_option("--limit", options->limit, "At most so many")->capture_default_str()->check(CLI::Range(std::size_t{1}, kMostListed));
  list->callback([&context, options] {
    const auto rows = context.client().all("/audit", {{"user", options->user}, {"action", options->action}, {"subject", options->subject},
                                                      {"area", options->area}, {"from", options->from}, {"to", options->to}, {"q", options->text}},
                                           options->limit);
    context.show(rows, {{"NUMBER", "number"}, {"AT", "at"}, {"WHO", "user_name"}, {"USER", "user"}, {"ADDRESS", "address"}, {"ACTION", "action"},
                        {"SUBJECT", "subject"}, {"ID", "id"}, {"AREA", "area"}, {"DETAIL", "detail"}});
  });
  auto* check = audit->add_subcommand("verify", "Check that no row was changed, taken out or put in; names the first broken one");
  check->add_option("--database", options->database, "Read this database itself, a file or URL, instead of asking the controller");
  check->add_option("--head", options->head, "NUMBER:HASH that an earlier check printed: finds rows cut off, or a whole log made anew");
  check->callback([&context, options] { verify(context, *options); });
}

}  // namespace loa::tool
