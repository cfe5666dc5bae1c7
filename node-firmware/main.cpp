#include <fmt/format.h>
#include <malloc.h>
#include <spdlog/spdlog.h>

#include <cstdio>
#include <exception>
#include <thread>

#include "config/toml_reader.hpp"
#include "node-firmware/check.hpp"
#include "node-firmware/check_state.hpp"
#include "node-firmware/command_line.hpp"
#include "node-firmware/durable_file.hpp"
#include "node-firmware/folder_lock.hpp"
#include "node-firmware/identity.hpp"
#include "node-firmware/log_squeezer.hpp"
#include "node-firmware/node.hpp"
#include "node-firmware/settings.hpp"
#include "node-firmware/start_count.hpp"
#include "protocol/limits.hpp"

namespace {

using namespace loa::node;

Settings settings_for(const CommandLine& line) {
  auto settings = line.config ? read_settings(*line.config) : Settings{};
  if (line.state) settings.state_folder = *line.state;
  return settings;
}

int fail(int code, const std::string& message) {
  fmt::print(stderr, "loa-node: {}\n", message);
  return code;
}

// The bundle is read by whoever started this, and kept by the node's account: the file may be on a stick that only root reads.
int take_in(const CommandLine& line, const Settings& settings) {
  const auto bytes = read_whole(*line.bundle, loa::protocol::kMaxBundle);
  if (!bytes) return fail(kExitNotJoined, line.bundle->string() + ": no such bundle file");
  make_private_folder(settings.state_folder);
  become_owner_of(settings.state_folder);
  if (const auto alone = FolderLock::take(settings.state_folder); !alone)
    return fail(kExitBroken, settings.state_folder.string() + ": the node runs: stop it first (`systemctl stop loa-node`)");
  const Scratch copy;
  const auto given = copy.path() / line.bundle->filename();
  write_durably(given, *bytes);
  const auto identity = join(settings.state_folder, given);
  fmt::print("joined as {} ({}); next: systemctl enable --now loa-node, then loa-node check\n", identity.bundle.node, identity.bundle.code);
  return kExitOk;
}

int run(const CommandLine& line, StartCount& starts) {
  const auto settings = settings_for(line);
  if (line.join) return take_in(line, settings);
  if (line.check) return check(line, settings);
  spdlog::set_level(spdlog::level::from_str(settings.log_level));
  if (line.amplifier_off) {
    if (settings.edge.amplifier) edge::switch_off(*settings.edge.amplifier, *edge::make_gpiod_lines());
    return kExitOk;
  }
  squeeze_default_log();
  make_private_folder(settings.state_folder);
  // A `loa-node check` may be at the broker in this node's name: that takes it some seconds.
  const auto alone = FolderLock::take(settings.state_folder, std::chrono::seconds(20));
  if (!alone)
    return fail(kExitBroken, settings.state_folder.string() + ": another loa-node runs on this state folder; end it first, or give this one a folder of its own");
  const auto start = starts.begin();
  if (start.wait.count() > 0) {
    spdlog::warn("died {} times in a row soon after its start: waiting {} s", start.deaths, start.wait.count());
    std::this_thread::sleep_for(start.wait);
  }
  auto identity = join(settings.state_folder, line.bundle);
  spdlog::info("loa-node {} is node {} ({})", LOA_VERSION, identity.bundle.node, identity.bundle.code);
  return Node(std::move(identity), settings, starts, start.safe).run();
}

}  // namespace

int main(int argc, char** argv) {
  ::mallopt(M_ARENA_MAX, 2);  // glibc would give each of our few threads a heap of its own, and boards have little memory
  const auto line = read_command_line(argc, argv);
  if (const auto* early = std::get_if<EarlyEnd>(&line)) {
    fmt::print(early->exit_code == kExitOk ? stdout : stderr, "{}", early->text);
    return early->exit_code;
  }
  StartCount starts(runtime_folder());
  try {
    return run(std::get<CommandLine>(line), starts);
  } catch (const loa::config::ConfigError& error) {
    return fail(kExitConfig, error.what());
  } catch (const JoinError& error) {
    starts.ended();  // a person must act: no safe mode helps
    return fail(error.exit_code, error.what());
  } catch (const std::exception& error) {
    starts.dies(error.what());
    return fail(kExitBroken, error.what());
  }
}
