#include "protocol/authorities.hpp"
#include "tests/controller/authority/reloading.hpp"

using namespace loa;
using namespace loa::authority;

namespace {

/// A broker that systemd would look after: what it is told is written down, and may fail.
struct Supervised : Reloading {
  std::filesystem::path told = folder / "told";
  std::filesystem::path restart_due = broker.live() / kRestartDueFile;
  Supervised() {
    REQUIRE(reload_broker(supervised(), now()).end == ReloadEnd::installed);
    write_file(told, "", 0644);
    const auto first = broker.authority().certificate_pem();
    const auto next = CertificateAuthority::make_next(folder / "ca", now());
    broker.authority().follow({{protocol::authority_text(next).value(), protocol::authority_text(first).value()}});
    broker.set_nodes({"n-1", "n-2"}, false);
  }
  std::vector<std::string> program(const std::string& word, const std::string& then) const {
    return {"/bin/sh", "-c", "echo " + word + " >> " + told.string() + "; " + then};
  }
  ReloadSettings supervised(const std::string& restart_then = "true", const std::string& reload_then = "true") {
    auto reload = settings();
    reload.pid_file.clear();
    reload.data = broker.settings().data_folder;
    reload.command = program("reload", reload_then);
    reload.restart = program("restart", restart_then);
    return reload;
  }
};

}  // namespace

TEST_CASE_METHOD(Supervised, "a broker that could not be started anew with other authorities is told so again, and it is said until it was") {
  const auto failed = reload_broker(supervised("echo no such unit >&2; exit 5"), now());
  CHECK(failed.end == ReloadEnd::not_told);
  CHECK_THAT(failed.message, Catch::Contains("could not be told") && Catch::Contains("no such unit"));
  CHECK(read_file(told) == "restart\n");
  auto status = read_broker_status(broker.live());
  CHECK_FALSE(status.installed);
  CHECK_THAT(status.message, Catch::Contains("no such unit"));
  CHECK(std::filesystem::exists(restart_due));
  SECTION("by the next look") { CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed); }
  SECTION("also where another set came meanwhile, of the same authorities") {
    broker.set_nodes({"n-1"}, false);
    CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  }
  CHECK(read_file(told) == "restart\nrestart\n");
  CHECK(read_broker_status(broker.live()).installed);
  CHECK_FALSE(std::filesystem::exists(restart_due));
  CHECK(reload_broker(supervised(), now()).end == ReloadEnd::unchanged);
}

TEST_CASE_METHOD(Supervised, "a helper that is killed between new authorities and the restart has it made good by the next") {
  const auto helper = [&](const std::string& then) {
    std::vector<std::string> argv{(tests::program_folder() / "loa-broker-reload").string(), broker.source().string(), broker.live().string(), "--data",
                                  broker.settings().data_folder.string()};
    for (const auto& word : program("reload", "true")) argv.insert(argv.end(), {"--command", word});
    for (const auto& word : program("restart", then)) argv.insert(argv.end(), {"--restart", word});
    return tests::Process(argv, {folder.path(), "supervised", {}, {}});
  };
  auto killed = helper("kill -KILL $PPID; sleep 10");
  killed.wait(20s);
  CHECK(live("ca.pem") == read_file(broker.source() / "ca.pem"));
  CHECK(read_broker_status(broker.live()).ready_sha256 != protocol::sha256_hex_of_file(broker.source() / kReadyFile));
  CHECK(helper("true").wait(20s) == 0);
  CHECK(read_file(told) == "restart\nrestart\n");
  CHECK_FALSE(std::filesystem::exists(restart_due));
}

TEST_CASE_METHOD(Supervised, "a broker that could not be told to read its files is told at the next look") {
  REQUIRE(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  broker.set_nodes({"n-1"}, false);
  CHECK(reload_broker(supervised("true", "exit 1"), now()).end == ReloadEnd::not_told);
  CHECK_FALSE(read_broker_status(broker.live()).installed);
  CHECK(reload_broker(supervised(), now()).end == ReloadEnd::installed);
  CHECK(read_file(told) == "restart\nreload\nreload\n");
}
