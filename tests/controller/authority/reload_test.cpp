#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/controller/authority/reloading.hpp"

using namespace loa;
using namespace loa::authority;

TEST_CASE_METHOD(Reloading, "a set for eight thousand nodes of two formats, and as many certificates revoked, goes live") {
  std::vector<std::string> nodes, serials;
  for (int i = 0; i < 8'000; ++i) {
    nodes.push_back(fmt::format("n-{:026}", i));
    serials.push_back(fmt::format("{:040x}", (1 << 20) + i));
  }
  broker.authority().revoke(serials, now());
  BrokerSettings many = broker.settings();
  many.formats = {1, 2};
  write_broker_files(broker.source(), many, broker.authority(), nodes, now());
  CHECK(std::filesystem::file_size(broker.source() / "acl") > 5'000'000);
  const auto outcome = reload_broker(settings(), now());
  CAPTURE(outcome.message);
  CHECK(outcome.end == ReloadEnd::installed);
  CHECK(live("acl") == read_file(broker.source() / "acl"));
  const auto access = read_broker_access(broker.live(), broker.authority());
  REQUIRE(access);
  CHECK(access->nodes.size() == nodes.size());
  CHECK(access->revoked.size() == serials.size());
}

TEST_CASE_METHOD(Reloading, "a good set goes live and rights change on the running broker") {
  LinkOwner node(loop, broker.link_settings("n-2"));
  LinkOwner controller(loop, broker.link_settings("controller"));
  REQUIRE((node.connect() && controller.connect()));
  controller.link->subscribe(protocol::state_topic("+"));
  REQUIRE(controller.settle());
  REQUIRE(node.publish(protocol::state_topic("n-2"), "before"));
  REQUIRE(controller.receives("before"));
  broker.set_nodes({"n-1", "n-3"}, false);
  const auto outcome = reload_broker(settings(), now());
  CAPTURE(outcome.message);
  REQUIRE(outcome.end == ReloadEnd::installed);
  LinkOwner joined(loop, broker.link_settings("n-3"));
  REQUIRE(joined.connect());
  REQUIRE(gets_its_rights(joined, "n-3", controller));
  REQUIRE(node.publish(protocol::state_topic("n-2"), "after"));
  REQUIRE(joined.publish(protocol::state_topic("n-3"), "last"));
  REQUIRE(controller.receives("last"));
  CHECK(controller.find("after") == nullptr);
  CHECK(read_broker_status(broker.live()).installed);
  CHECK(reload_broker(settings(), now()).end == ReloadEnd::unchanged);
}

TEST_CASE_METHOD(Reloading, "a broken ACL, which mosquitto would take for none, is refused and rights stay") {
  const std::string before = live("acl");
  write_file(broker.source() / "acl", "user controller\ntopic readwrite loa/1/#\nbogus line\n", 0644);
  list_again();
  const auto outcome = reload_broker(settings(), now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::Contains("acl_file") && Catch::Contains("bogus"));
  CHECK(live("acl") == before);
  CHECK_FALSE(may_overstep());
  CHECK(read_broker_status(broker.live()).message == outcome.message);
  SECTION("what the trap is: put in place unchecked it opens everything") {
    std::filesystem::copy_file(broker.source() / "acl", broker.live() / "acl",
                               std::filesystem::copy_options::overwrite_existing);
    broker.reload();
    CHECK(may_overstep());
  }
}

TEST_CASE_METHOD(Reloading, "a missing, broken or expired CRL is refused: the revoked stay out and the others in") {
  std::string serial;
  const auto revoked = broker.link_settings("n-1", &serial);
  const auto other = broker.link_settings("n-2");
  broker.authority().revoke(serial, now());
  broker.set_nodes({"n-1", "n-2"}, false);
  REQUIRE(reload_broker(settings(), now()).end == ReloadEnd::installed);
  broker.reload();
  REQUIRE_FALSE(can_connect(revoked));
  const std::string before = live("crl.pem");
  SECTION("missing") { std::filesystem::remove(broker.source() / "crl.pem"); }
  SECTION("broken") {
    write_file(broker.source() / "crl.pem", before.substr(0, before.size() / 2), 0644);
    list_again();
  }
  SECTION("expired") {
    write_file(broker.source() / "crl.pem", broker.authority().make_crl(now() - kCrlLife), 0644);
    list_again();
  }
  const auto outcome = reload_broker(settings(), now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::StartsWith("crl.pem: "));
  CHECK(live("crl.pem") == before);
  broker.reload();
  CHECK_FALSE(can_connect(revoked));
  CHECK(can_connect(other));
}

TEST_CASE_METHOD(Reloading, "without a running broker the files go live all the same") {
  broker.kill();
  broker.set_nodes({"n-1"}, false);
  CHECK(reload_broker(settings(), now()).end == ReloadEnd::not_running);
  CHECK(live("acl") == read_file(broker.source() / "acl"));
  broker.start();
  CHECK(can_connect(broker.link_settings("n-1")));
}

TEST_CASE_METHOD(Reloading, "a configuration that the controller does not write is never obeyed, not even on trial") {
  const auto mark = folder / "obeyed";
  write_file(folder / "mosquitto", "#!/bin/sh\ntouch " + mark.string() + "\n", 0755);
  auto reload = settings();
  reload.mosquitto = folder / "mosquitto";
  const std::string before = live("mosquitto.conf");
  write_file(broker.source() / "mosquitto.conf", before + "plugin " + (folder / "x.so").string() + "\n", 0644);
  list_again();
  const auto outcome = reload_broker(reload, now());
  CHECK(outcome.end == ReloadEnd::refused);
  CHECK_THAT(outcome.message, Catch::StartsWith("mosquitto.conf:") && Catch::Contains("`plugin "));
  CHECK(read_broker_status(broker.live()).message == outcome.message);
  CHECK_FALSE(std::filesystem::exists(mark));
  CHECK(live("mosquitto.conf") == before);
}

TEST_CASE_METHOD(Reloading, "the trial runs as the broker's account, which can change nothing that goes live") {
  if (::geteuid() != 0) return;  // only root gives another account work
  std::filesystem::permissions(folder.path(), std::filesystem::perms(0755));
  BrokerSettings quiet = broker.settings();
  quiet.user.clear();
  write_broker_files(broker.source(), quiet, broker.authority(), {"n-1"}, now());
  auto reload = settings();
  reload.owner = "nobody";
  const auto owner_of = [](const std::filesystem::path& file) {
    struct stat status {};
    return ::stat(file.c_str(), &status) == 0 ? status.st_uid : ~uid_t{0};
  };
  SECTION("what it may do") {
    const auto said = folder / "said";
    write_file(said, "", 0666);
    write_file(folder / "mosquitto",
               "#!/bin/sh\nscratch=$(dirname \"$2\")\nexec >> " + said.string() +
                   "\necho \"as $(id -u)\"\nhead -n 1 \"$scratch/server.key\"\n"
                   "for one in mosquitto.conf acl ca.pem crl.pem trial.conf new ../acl; do (echo x > \"$scratch/$one\") 2> /dev/null && echo \"changed $one\"; done\n"
                   "exit 1\n",
               0755);
    reload.mosquitto = folder / "mosquitto";
    CHECK(reload_broker(reload, now()).end == ReloadEnd::refused);
    CHECK(read_file(said) == "as 65534\n-----BEGIN PRIVATE KEY-----\n");
  }
  SECTION("with the real one") {
    const auto outcome = reload_broker(reload, now());
    CAPTURE(outcome.message);
    CHECK(outcome.end == ReloadEnd::installed);
    CHECK(owner_of(broker.live() / "server.key") == 65534);
    CHECK(owner_of(broker.live() / "mosquitto.conf") == 0);
    CHECK(owner_of(broker.live() / "acl") == 0);
  }
}

TEST_CASE_METHOD(Reloading, "the list that a running broker read last counts, also where two bear one date or the clock went back") {
  std::string serial;
  const auto first = broker.link_settings("n-1", &serial);
  const auto put = [&](scheduler::TimePoint when) {
    write_broker_files(broker.source(), broker.settings(), broker.authority(), {"n-1", "n-2"}, when);
    REQUIRE(reload_broker(settings(), now()).end == ReloadEnd::installed);
    broker.reload();
  };
  const auto when = now() - 1h;
  put(when);
  REQUIRE(can_connect(first));
  broker.authority().revoke(serial, when);
  SECTION("of one second") { put(when); }
  SECTION("of a clock that was set back") { put(when - 48h); }
  CHECK_FALSE(can_connect(first));
  CHECK(can_connect(broker.link_settings("n-2")));
}
