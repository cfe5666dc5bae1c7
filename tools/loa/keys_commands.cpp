#include <fmt/format.h>

#include <algorithm>

#include "controller/authority/files.hpp"
#include "controller/authority/root_key.hpp"
#include "protocol/clock.hpp"
#include "protocol/codec.hpp"
#include "protocol/enum_names.hpp"
#include "protocol/envelope.hpp"
#include "protocol/limits.hpp"
#include "tools/loa/command.hpp"
#include "tools/loa/keys_status.hpp"
#include "tools/loa/left_behind.hpp"

namespace loa::tool {

namespace json = boost::json;
using authority::KeyFileError;
using std::filesystem::path;

namespace {

struct KeysOptions {
  std::string root, controller, in, out, root_key, from, key_set, database;
  std::vector<std::string> branches, types, revoke;
  int days = 730;
  bool all = false;
  bool authority = false;
  bool end_authority = false;
  bool leave_behind = false;
};
using Options = std::shared_ptr<KeysOptions>;

protocol::TimePoint now() { return protocol::SystemClock().now(); }

/// Runs what works on key files, and gives their complaints the exit code of a refusal.
template <class Work>
void offline(const Work& work) {
  try {
    work();
  } catch (const KeyFileError& error) {
    throw CommandError(kRefused, error.what());
  }
}

authority::WantedKeys wanted_of(const KeysOptions& options) {
  authority::WantedKeys wanted;
  wanted.branches = options.branches;
  for (const auto& name : options.types) {
    const auto type = protocol::enum_from_name<protocol::MessageType>(name);
    if (!type) throw CommandError(kUsage, fmt::format("--type {}: not one of {}", name, protocol::enum_names<protocol::MessageType>()));
    wanted.types.push_back(*type);
  }
  wanted.none = options.end_authority && options.branches.empty();
  wanted.life = std::chrono::hours(24 * options.days);
  if (options.from.empty()) return wanted;
  wanted.from = scheduler::parse_rfc3339(options.from);
  if (!wanted.from) throw CommandError(kUsage, fmt::format("--from {}: not a time like 2026-12-01T00:00:00Z", options.from));
  return wanted;
}

authority::AuthorityChange authority_of(const KeysOptions& options) {
  if (options.end_authority) return authority::AuthorityChange::end;
  return options.authority ? authority::AuthorityChange::begin : authority::AuthorityChange::none;
}

void write_new(const path& file, const std::string& text) {
  if (std::filesystem::exists(file)) throw CommandError(kRefused, fmt::format("{} exists already", file.string()));
  authority::write_file(file, text, 0644);
}

json::array texts(const std::vector<std::string>& list) {
  json::array all;
  for (const auto& one : list) all.emplace_back(one);
  return all;
}

std::string listed(const std::vector<std::string>& kids) { return kids.empty() ? "none" : fmt::format("{}", fmt::join(kids, ", ")); }

bool may_sign_now(const protocol::SigningKey& key) { return !key.revoked && key.not_after > now(); }

std::string left_in(const protocol::KeySet& set) {
  const bool any = std::any_of(set.keys.begin(), set.keys.end(), may_sign_now);
  return any ? "" : "; no key is left that may sign: nodes are silent until a set with a new one";
}

/// What is to be changed: a request's keys, or a key set as it is published; from the file, or nothing where there is none.
authority::KeyChange change_in(const std::string& file) {
  authority::KeyChange change;
  if (file.empty()) return change;
  const auto text = read_text(file);
  if (text.find('{') != 0) {
    change.base = text.substr(0, text.find_first_of("\r\n"));
    return change;
  }
  const auto request = authority::decode_key_request(text);
  if (!request) throw CommandError(kRefused, fmt::format("{}: {}: {}", file, request.error().where, request.error().message));
  change.base = request->key_set;
  change.keys = request->keys;
  change.authorities = request->authorities;
  return change;
}

void sign(const Context& context, const KeysOptions& options, const authority::KeyChange& change) {
  if (std::filesystem::exists(options.out)) throw CommandError(kRefused, fmt::format("{} exists already", options.out));
  const auto made = authority::sign_key_set(options.root, change, now());
  write_new(options.out, made.jws + "\n");
  context.show({{"number", made.set.number},
                {"keys", made.set.keys.size()},
                {"added", texts(made.added)},
                {"revoked", texts(made.revoked)},
                {"authorities", made.set.authorities ? made.set.authorities->size() : 0},
                {"file", options.out}},
               fmt::format("key set {} signed: {} keys, added {}, revoked {}{}; bring {} to the controller: loa keys import {} --controller DIR",
                           made.set.number, made.set.keys.size(), listed(made.added), listed(made.revoked), left_in(made.set), options.out,
                           options.out));
}

void show_controller(const Context& context, const KeysOptions& options, const authority::ControllerKeys& keys, const std::string& more) {
  context.show({{"number", keys.key_set.number}, {"keys", keys.key_set.keys.size()}, {"root_file", options.root}},
               fmt::format("key set {} with {} keys{}; {}", keys.key_set.number, keys.key_set.keys.size(), left_in(keys.key_set), more));
}

std::string keep_root(const KeysOptions& options) {
  return fmt::format("keep {} away from the controller, and a copy of it somewhere safe", options.root);
}

void init(const Context& context, const KeysOptions& options) {
  if (options.controller.empty() != options.branches.empty())
    throw CommandError(kUsage, "--controller and --branch belong together; without both only the root key is made");
  if (!options.controller.empty()) {
    if (options.branches.size() != 1) throw CommandError(kUsage, "--branch: one is needed here; `loa keys rotate` makes keys for others");
    return show_controller(context, options, authority::init_keys(options.root, options.controller, options.branches.front(), now()), keep_root(options));
  }
  authority::make_root(options.root);
  const auto pub = authority::root_public_file(options.root).string();
  context.show({{"root_file", options.root}, {"public_file", pub}},
               fmt::format("made the root key; {}. Controllers need {}: loa keys import FILE --root-key {}", keep_root(options), pub, pub));
}

// Not undone by another key set: a board that is shut out hears of none.
void check_end(const KeysOptions& options) {
  if (options.end_authority && !options.leave_behind && !options.controller.empty()) refuse_to_leave_behind(options.controller, options.database);
}

void request(const Context& context, const KeysOptions& options) {
  check_end(options);
  if (std::filesystem::exists(options.out)) throw CommandError(kRefused, fmt::format("{} exists already", options.out));
  const auto authorities = authority::request_authorities(options.controller, authority_of(options), now());
  auto made = authority::request_keys(options.controller, wanted_of(options), now());
  made.authorities = authorities;
  write_new(options.out, authority::encode(made));
  json::array kids;
  for (const auto& key : made.keys) kids.emplace_back(key.kid);
  context.show({{"keys", std::move(kids)}, {"file", options.out}},
               fmt::format("{} new keys{} asked for; bring {} to the machine with the root key: loa keys sign {} --root ROOT --out keyset.jws",
                           made.keys.size(), authorities ? " and another list of authorities" : "", options.out, options.out));
}

void rotate(const Context& context, const KeysOptions& options) {
  check_end(options);
  if (!options.controller.empty())
    return show_controller(context, options,
                           authority::change_keys(options.root, options.controller, wanted_of(options), options.revoke, now(), authority_of(options)),
                           "a controller that runs takes it within a second");
  auto change = change_in(options.in);
  if (change.keys.empty() && !change.authorities) throw CommandError(kRefused, fmt::format("{}: asks for no new key; `loa keys request` on the controller writes one that does", options.in));
  change.revoke = options.revoke;
  sign(context, options, change);
}

std::vector<std::string> all_kids(const path& controller) {
  std::vector<std::string> kids;
  for (const auto& key : authority::load_keys(controller).key_set.keys)
    if (!key.revoked) kids.push_back(key.kid);
  return kids;
}

void revoke(const Context& context, const KeysOptions& options) {
  if (options.revoke.empty() != options.all) throw CommandError(kUsage, "either key ids or --all");
  if (options.controller.empty()) {
    auto change = change_in(options.in);
    change.revoke = options.revoke;
    change.revoke_all = options.all;
    return sign(context, options, change);
  }
  const auto kids = options.all ? all_kids(options.controller) : options.revoke;
  authority::WantedKeys wanted;
  wanted.for_revoked = kids;
  show_controller(context, options, authority::change_keys(options.root, options.controller, wanted, kids, now()),
                  "a controller that runs takes it within a second");
}

// Whether it is signed is for import_keys to say.
void check_issue_time(const std::string& jws) {
  constexpr std::chrono::minutes kAhead{5};
  const auto envelope = protocol::open(jws.substr(0, jws.find_last_not_of("\r\n ") + 1), protocol::MessageType::keys);
  const auto set = envelope ? protocol::decode_keys(envelope->payload) : protocol::Result<protocol::KeySet>(envelope.error());
  const auto here = now();
  if (!set || set->issued <= here + kAhead) return;
  throw KeyFileError(fmt::format("the key set was signed at {}, but here it is {}: set the clock that is wrong. Where it is the one of the machine with "
                                 "the root key, sign once more there",
                                 scheduler::to_rfc3339(set->issued), scheduler::to_rfc3339(here)));
}

void import_set(const Context& context, const KeysOptions& options) {
  std::optional<protocol::PublicKey> root;
  if (!options.root_key.empty()) root = authority::read_public_key(options.root_key);
  const auto text = read_text(options.in);
  check_issue_time(text);
  const auto keys = authority::import_keys(options.controller, text, root);
  const auto own = keys.working.size();
  const auto note = authority::note_on_authorities(options.controller, keys.key_set);
  json::object answer{{"number", keys.key_set.number}, {"keys", keys.key_set.keys.size()}, {"own", own}};
  if (!note.empty()) answer["authorities"] = note.substr(2);
  context.show(answer, fmt::format("key set {} is in place, {} of its keys are here; a controller that runs takes it within a second{}{}", keys.key_set.number, own,
                                   own == 0 ? "; with none it can sign nothing: loa keys request" : "", note));
}

void add_wanted(CLI::App* command, const Options& options) {
  command->add_option("--branch", options->branches, "Area id that a new key counts for, with all below; may be repeated. Without: a successor for each key that may sign now");
  command->add_option("--type", options->types, "Message type that it may sign, like loa-alert; may be repeated. Without: everything that a controller signs");
  command->add_option("--days", options->days, "How long it may sign")->check(CLI::Range(1, 3650))->capture_default_str();
  auto* another = command->add_flag("--authority", options->authority, "Another certificate authority besides: nodes trust both from then on, and get certificates by the new one");
  auto* end = command->add_flag("--end-authority", options->end_authority,
                                "End the old authority: boards without a certificate by the next one are shut out for good. Look at `loa keys status` first, which names them; "
                                "refused while the controller's database knows of any. No new keys unless --branch is given");
  end->excludes(another);
  command->add_flag("--leave-behind", options->leave_behind, "With --end-authority: end it all the same; who is shut out needs a new bundle")->needs(end);
  command->add_option("--database", options->database, "With --end-authority: URL of the controller's database, where it is not loa.db in its state folder")->needs(end);
  command->add_option("--from", options->from, "First moment that it may sign (RFC 3339); now where it is not given");
}

void add_places(CLI::App* command, const Options& options) {
  command->add_option("--root", options->root, "File of the root key")->required();
  auto* controller = command->add_option("--controller", options->controller, "The controller's state folder, where it is on this machine");
  auto* out = command->add_option("--out", options->out, "File for the signed key set, to be imported by the controller");
  auto* in = command->add_option("--in", options->in, "A request, or a key set as it is published; without: the last one signed with this root");
  out->excludes(controller);
  in->needs(out);
}

void check_place(const KeysOptions& options) {
  if (options.controller.empty() && options.out.empty()) throw CommandError(kUsage, "either --controller DIR, or --out FILE on a machine without the controller");
}

}  // namespace

void add_keys_commands(CLI::App& app, Context& context) {
  auto options = std::make_shared<KeysOptions>();
  auto* keys = app.add_subcommand("keys", "Signing keys: init, rotate, revoke (with the root key, here or by file), status");
  keys->require_subcommand(1);

  auto* init_command = keys->add_subcommand("init", "Make the root key in a file of its own, and with --controller the first working key and key set");
  init_command->add_option("--root", options->root, "File for the root key; not in the controller's folder")->required();
  init_command->add_option("--controller", options->controller, "The controller's state folder, where it is on this machine");
  init_command->add_option("--branch", options->branches, "Area id that the working key counts for, with all below");
  init_command->callback([&context, options] { offline([&] { init(context, *options); }); });

  auto* request_command = keys->add_subcommand("request", "On the controller: make new working keys and write what the root key is to sign");
  request_command->add_option("file", options->out, "File for the request; it holds nothing secret")->required();
  request_command->add_option("--controller", options->controller, "The controller's state folder")->required();
  add_wanted(request_command, options);
  request_command->callback([&context, options] { offline([&] { request(context, *options); }); });

  auto* sign_command = keys->add_subcommand("sign", "With the root key: sign what a controller asks for");
  sign_command->add_option("file", options->in, "The request")->required();
  sign_command->add_option("--root", options->root, "File of the root key")->required();
  sign_command->add_option("--out", options->out, "File for the signed key set")->required();
  sign_command->callback([&context, options] { offline([&] { sign(context, *options, change_in(options->in)); }); });

  auto* rotate_command = keys->add_subcommand("rotate", "With the root key: new working keys beside the old ones, which count until their end");
  add_places(rotate_command, options);
  add_wanted(rotate_command, options);
  rotate_command->add_option("--revoke", options->revoke, "Id of a working key that counts no longer; may be repeated");
  rotate_command->callback([&context, options] {
    check_place(*options);
    offline([&] { rotate(context, *options); });
  });

  auto* revoke_command = keys->add_subcommand("revoke", "With the root key: what these keys signed counts no longer, at once; on the controller with new keys in their place");
  revoke_command->add_option("kid", options->revoke, "Ids of working keys");
  revoke_command->add_flag("--all", options->all, "Every key but those that the request brings");
  add_places(revoke_command, options);
  revoke_command->callback([&context, options] {
    check_place(*options);
    offline([&] { revoke(context, *options); });
  });

  auto* import_command = keys->add_subcommand("import", "On the controller: put a signed key set in place; a controller that runs takes it without a restart");
  import_command->add_option("file", options->in, "The signed key set")->required();
  import_command->add_option("--controller", options->controller, "The controller's state folder")->required();
  import_command->add_option("--root-key", options->root_key, "The root's public half; needed once, where the controller does not know it");
  import_command->callback([&context, options] { offline([&] { import_set(context, *options); }); });

  auto* status = keys->add_subcommand("status", "The key set that the controller publishes, and who holds an older one; or the one in a folder or file");
  auto* folder = status->add_option("--controller", options->controller, "The state folder of a controller on this machine");
  status->add_option("--file", options->key_set, "A key set as it is published")->excludes(folder);
  status->callback([&context, options] {
    offline([&] {
      if (!options->controller.empty()) return show_keys_in(context, path(options->controller));
      if (!options->key_set.empty()) return show_keys_of(context, read_text(options->key_set));
      show_published_keys(context);
    });
  });
}

}  // namespace loa::tool
