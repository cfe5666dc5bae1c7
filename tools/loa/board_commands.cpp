#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "tools/loa/command.hpp"
#include "tools/loa/node_lookup.hpp"
#include "tools/loa/private_file.hpp"

// Boards that come and go: revoked, replaced, and many at once.
namespace loa::tool {

namespace json = boost::json;
namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t kRoomForBundles = 16u << 20;  // 500 bundles of 12 kB, and as much again

struct BoardOptions {
  std::string code, out, file, bundles;
};

// No more than is known: rights end at the broker, and only when that was told.
std::string broker_knows(const json::value& answer) {
  if (answer.at("barred").as_bool()) return "The broker was told to bar it, which takes at most five seconds more";
  return fmt::format("THE BROKER DOES NOT KNOW IT YET, and lets the board read and write as before: {}. The alarm `broker_files` stays open until it knows", text_of(answer, "detail"));
}

void revoke(const Context& context, const BoardOptions& options) {
  auto client = context.client();
  const auto node = find_node(client, options.code);
  const auto revoked = client.post("/nodes/" + text_of(node, "id") + "/revoke");
  context.show(revoked, fmt::format("{} is revoked: the controller refuses what its board {} says. {}; `loa node replace {}` puts another there", text_of(revoked, "code"),
                                    text_of(revoked, "node"), broker_knows(revoked), text_of(revoked, "code")));
}

void replace(const Context& context, const BoardOptions& options) {
  const auto file = options.out.empty() ? options.code + ".bundle.json" : options.out;
  PrivateFile bundle(file);
  const auto made = context.client().post("/node-replacements", {{"code", options.code}});
  bundle.write(text_of(made, "bundle"));
  context.show({{"node", made.at("node")}, {"code", made.at("code")}, {"before", made.at("before")}, {"bundle", file}, {"barred", made.at("barred")}},
               fmt::format("node {} takes the place of {} and joins with `loa-node --bundle {}`; the file holds private keys and is not kept here{}", text_of(made, "node"),
                           text_of(made, "before"), file, made.at("barred").as_bool() ? "" : ". Of the board before: " + broker_knows(made)));
}

// A folder of its own, so that nothing stands in the way of a file once the bundles are there, which are given once.
fs::path folder_for_bundles(const std::string& name) {
  const fs::path folder(name);
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw CommandError(kRefused, fmt::format("cannot create {}: {}", name, error.message()));
  if (!fs::is_empty(folder, error) || error) throw CommandError(kRefused, fmt::format("{} is not an empty folder", name));
  fs::permissions(folder, fs::perms::owner_all, error);
  if (error) throw CommandError(kRefused, fmt::format("cannot make {} private: {}", name, error.message()));
  if (const auto space = fs::space(folder, error); error || space.available < kRoomForBundles)
    throw CommandError(kRefused, fmt::format("{} has no room for the bundles", name));
  { const PrivateFile probe((folder / ".loa").string()); }
  return folder;
}

void import_nodes(const Context& context, const BoardOptions& options) {
  const auto folder = folder_for_bundles(options.bundles);
  const auto made = context.client().upload("/node-imports", options.file, "text/csv", {});
  json::array list;
  std::string lost;
  for (const auto& board : made.at("items").as_array()) {
    const auto code = text_of(board, "code");
    const auto file = (folder / (code + ".bundle.json")).string();
    try {
      PrivateFile(file).write(text_of(board, "bundle"));
    } catch (const CommandError&) {
      lost += " " + code;
    }
    list.push_back({{"code", code}, {"node", board.at("node")}, {"bundle", file}});
  }
  if (!lost.empty())
    throw CommandError(kRefused, fmt::format("these nodes were made, but their bundles could not be written; `loa node replace CODE` gives others:{}", lost));
  context.show(list, {{"CODE", "code"}, {"ID", "node"}, {"BUNDLE", "bundle"}});
}

}  // namespace

void add_board_commands(CLI::App& node, Context& context) {
  auto options = std::make_shared<BoardOptions>();

  auto* revoke_command = node.add_subcommand("revoke", "Bar a board that is lost, stolen or taken down: from log and state at once, from the broker when it was told, which the answer says");
  revoke_command->add_option("CODE", options->code, "Code or id")->required();
  revoke_command->callback([&context, options] { revoke(context, *options); });

  auto* replace_command = node.add_subcommand("replace", "Put a new board at a place: same code and history, new id and keys; writes its bundle file");
  replace_command->add_option("CODE", options->code, "Code of the place, live or revoked")->required();
  replace_command->add_option("--out", options->out, "Bundle file to write (default CODE.bundle.json)");
  replace_command->callback([&context, options] { replace(context, *options); });

  auto* import_command = node.add_subcommand("import", "Add many nodes from a CSV file, all or none, and write a bundle file for each");
  import_command->add_option("FILE", options->file, "code,name,area,lat,lon")->required()->check(CLI::ExistingFile);
  import_command->add_option("--bundles", options->bundles, "Folder for CODE.bundle.json of each; made, or empty")->required();
  import_command->callback([&context, options] { import_nodes(context, *options); });
}

}  // namespace loa::tool
