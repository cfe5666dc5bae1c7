#pragma once
#include <catch2/catch.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::tests {

/// A system bus of the test's own (dbus-daemon), on which only what ModemManager's own policy lets everyone ask may be asked, and a ModemManager on it
/// that answers as the test says (fake_modem_manager.cpp has the words).
class FakeModemManager {
 public:
  FakeModemManager() {
    say("");
    std::ofstream(folder_ / "bus.conf") << R"(<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=)" + socket().string() + R"(</listen>
  <policy context="default">
    <allow user="*"/>
    <allow own="org.freedesktop.ModemManager1"/>
    <deny send_type="method_call"/>
    <allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.ModemManager1" send_interface="org.freedesktop.DBus.ObjectManager"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
  </policy>
</busconfig>
)";
  }
  /// What ModemManager tells from now on: lines as "modem cdc-wdm0 11 67".
  void say(const std::string& lines) {
    std::ofstream(folder_ / "modems.new") << lines << "\n";
    std::filesystem::rename(folder_ / "modems.new", folder_ / "modems");
  }
  void start_bus() {
    std::filesystem::remove(folder_ / "bus.out");  // what an earlier one said
    bus_.emplace(std::vector<std::string>{"dbus-daemon", "--nofork", "--nopidfile", "--print-address", "--config-file=" + (folder_ / "bus.conf").string()},
                 Process::Options{folder_.path(), "bus", {}, {}});
    REQUIRE(bus_->wait_for_line("unix:path=", std::chrono::seconds(10)));
  }
  void start_manager() {
    std::filesystem::remove(folder_ / "manager.out");
    manager_.emplace(std::vector<std::string>{LOA_FAKE_MODEM_MANAGER, (folder_ / "modems").string()},
                     Process::Options{folder_.path(), "manager", {environment()}, {}});
    REQUIRE(manager_->wait_for_line("ready", std::chrono::seconds(10)));
  }
  /// The daemon is gone, and its socket too where it is not only stuck.
  void stop_bus(bool leave_socket = false) {
    bus_.reset();
    if (!leave_socket) std::filesystem::remove(socket());
  }
  void stop_manager() { manager_.reset(); }
  Process& bus() { return *bus_; }
  /// How often it was asked since it was started.
  long asked() const {
    const auto said = manager_->out();
    return std::count(said.begin(), said.end(), '\n') - 1;
  }
  std::filesystem::path socket() const { return folder_ / "socket"; }
  std::string environment() const { return "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + socket().string(); }

 private:
  TempFolder folder_;
  std::optional<Process> bus_;
  std::optional<Process> manager_;
};

}  // namespace loa::tests
