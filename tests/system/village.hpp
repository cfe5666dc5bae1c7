#pragma once
#include <boost/json/value.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"
#include "tests/system/person.hpp"

namespace loa::tests {

/// Waits until `done` answers true, asking every 50 ms; false where it did not within `limit`.
bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& done);

/// A whole Loa on the loopback as a province would run it: Mosquitto with TLS and ACLs, the reload helper, the controller and
/// nodes that write their sound to WAV files; each a real process, set up with the project's own commands, in one folder.
class Village {
 public:
  /// Where broker and controller are, and how nodes get there.
  struct Place {
    using Route = std::function<std::uint16_t(std::uint16_t port)>;
    std::string address = "127.0.0.1";  ///< they listen here
    std::string name = "localhost";     ///< by which nodes find them
    Route to_broker = {}, to_files = {};  ///< answers the port at which nodes find what listens on `port`; none: that port
  };
  /// Makes keys, database, broker and controller, and four people: admin, officer, approver, monitor. Nothing of it is shared
  /// with another village. `controller` is the program that serves. Throws std::runtime_error with the failing program's own words.
  explicit Village(std::string controller = "loa-controller") : Village(std::move(controller), Place()) {}
  Village(std::string controller, Place place);

  /// Adds a node in the area and writes its settings; starts nothing.
  /// `more`: further tables of its settings.
  void add_node(const std::string& code, const std::string& area, const std::string& more = {});
  /// Gives the place a board with this bundle and an empty disk; `settings` is more of its node.toml.
  void equip(const std::string& code, const std::string& node_id, const std::string& bundle, const std::string& settings = {});
  /// How a node is started other than plainly.
  struct NodeStart {
    std::vector<std::string> before;       ///< program and arguments that run it
    std::vector<std::string> environment;  ///< NAME=value
  };
  void start_node(const std::string& code, const NodeStart& how = {});
  /// Ends the node's process, so that it counts no more for nodes_ready.
  void remove_node(const std::string& code) { nodes_.erase(code); }
  Process& node(const std::string& code) { return *nodes_.at(code); }
  /// Node id by which the API knows it.
  const std::string& node_id(const std::string& code) const { return node_ids_.at(code); }
  std::filesystem::path node_folder(const std::string& code) const { return folder_.path() / "nodes" / code; }

  Process& controller() { return *controller_; }
  Process& broker() { return *broker_; }
  /// `more`: NAME=value on top of the environment that it has anyway.
  void start_controller(const std::vector<std::string>& more = {});
  void start_broker();
  /// From their next start on the controller and the nodes have this on top of the test's own environment, NAME=value.
  void start_under(std::vector<std::string> controller, std::vector<std::string> nodes);
  /// Stops the controller, starts it anew, and lets everybody sign in again.
  void restart_controller();
  /// loa-broker-reload, which is there from the beginning.
  Process& reload() { return *reload_; }
  void start_reload();
  /// Starts the controller anew with `address` (`https://host:port`) as the one place from which nodes fetch clips.
  void fetch_from(const std::string& address);
  /// Starts the controller anew so that nodes added from now on find the broker at this port of the loopback.
  void reach_broker_at(std::uint16_t port);
  /// Starts the controller anew with a second address of broker and files in every plan, where nobody listens yet.
  void announce_second_place();
  /// From the next start on, broker and controller are at the addresses announced before and nowhere else, on a machine without files of a broker.
  void move_to_second_place();
  /// Starts the controller, where it now is, and lets everybody sign in again.
  void come_back();
  /// Writes the controller's settings anew, with this store URL.
  void use_database(const std::string& url);
  /// Runs one of the project's programs to its end; throws std::runtime_error with its own words where it fails. Its output.
  std::string run(std::vector<std::string> argv, const std::string& name);

  /// Waits until every node that was started holds its wanted plan with every file, by its own report.
  bool nodes_ready(std::chrono::milliseconds limit = std::chrono::seconds(20));

  Person& admin() { return *people_.at("admin"); }
  Person& officer() { return *people_.at("officer"); }
  Person& approver() { return *people_.at("approver"); }
  Person& monitor() { return *people_.at("monitor"); }

  /// An approved programme of two spoken sentences; answers its id.
  std::string approved_programme(const std::string& title = "Đăng ký tạm trú", const std::string& text = kTwoSentences);
  /// An approved programme of these bytes of a WAV; answers its id.
  std::string approved_sound(const std::string& wav, const std::string& title = "Âm thanh thử");
  /// Schedules it on both communes this far ahead; answers the broadcast's id.
  std::string schedule(const std::string& programme, std::chrono::seconds ahead, const boost::json::object& more = {});
  /// An exercise of a flood in the ward, confirmed, with the stock clip and `more`; answers the alert's id.
  std::string alert(const boost::json::object& more = {});
  /// All play records of a query, like "broadcast=b-…".
  boost::json::array records(const std::string& query);
  /// Waits for that many records and answers all there are.
  boost::json::array wait_for_records(const std::string& query, std::size_t count, std::chrono::milliseconds limit);

  const std::filesystem::path& folder() const { return folder_.path(); }
  std::uint16_t https_port() const { return https_port_; }
  std::uint16_t broker_port() const { return broker_port_; }
  /// The last lines of every program's output, for a failing test.
  std::string last_words();
  /// Runs the command line `loa` as one of the people; answers its exit code, output and complaints.
  struct Said {
    int code = -1;
    std::string out, err;
  };
  Said loa(const std::string& person, std::vector<std::string> arguments);

  static constexpr const char* kTwoSentences =
      "Kính thưa bà con. Người thuê nhà đăng ký tạm trú tại công an phường trước ngày 30/12/2026.";
  static constexpr const char* kWard = "hue-19753";
  static constexpr const char* kCommune = "hue-20056";

 private:
  void write_settings();
  void make_people();
  void enter(const std::string& name);
  std::string approve(const std::string& programme, const boost::json::value& job);
  std::string server() const;

  tests::TempFolder folder_;
  std::string controller_program_;
  Place place_;
  std::uint16_t https_port_;
  std::uint16_t broker_port_;
  std::string files_;
  std::optional<Process> reload_, controller_, broker_;
  std::map<std::string, std::unique_ptr<Process>> nodes_;
  std::map<std::string, std::string> node_ids_;
  std::map<std::string, std::unique_ptr<Person>> people_;
  std::vector<std::string> controller_environment_, node_environment_;
  std::string database_;
  std::uint16_t nodes_broker_port_;
  std::uint16_t second_broker_port_ = 0;
  std::uint16_t second_https_port_ = 0;
  int loa_calls_ = 0;
};

}  // namespace loa::tests
