#include "tests/system/village.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <boost/json/serialize.hpp>

#include <fstream>
#include <sstream>
#include <utility>
#include <thread>

#include "tests/support/places.hpp"

namespace loa::tests {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr const char* kPassword = "correct-horse-battery";

std::string program(const std::string& name) { return (program_folder() / name).string(); }

void write_file(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream out(path, std::ios::binary);
  out << text;
  if (!out.flush()) throw std::runtime_error("cannot write " + path.string());
}

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

std::string account() {
  const auto* name = std::getenv("USER");
  return ::getuid() == 0 ? "root" : name ? name : "";
}

}  // namespace

bool eventually(std::chrono::milliseconds limit, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(50ms);
  }
  return true;
}

Village::Village(std::string controller, Place place)
    : controller_program_(std::move(controller)), place_(std::move(place)), https_port_(free_port()), broker_port_(free_port()),
      files_(fmt::format("https://{}:{}", place_.name, place_.to_files ? place_.to_files(https_port_) : https_port_)),
      nodes_broker_port_(place_.to_broker ? place_.to_broker(broker_port_) : broker_port_) {
  write_settings();
  write_file(folder() / "password", std::string(kPassword) + "\n");
  run({program("loa-controller"), "init", "--config", (folder() / "controller.toml").string(), "--area", "hue", "--area-name",
       "Thành phố Huế", "--admin", "admin", "--password-file", (folder() / "password").string()}, "init");
  run({program("loa"), "keys", "init", "--root", (folder() / "root.pem").string(), "--controller", (folder() / "controller").string(),
       "--branch", "hue"}, "keys");
  start_reload();
  start_controller();
  if (!eventually(15s, [this] { return std::filesystem::exists(folder() / "live/mosquitto.conf"); }))
    throw std::runtime_error("no files for the broker\n" + last_words());
  start_broker();
  make_people();
}

void Village::start_reload() {
  reload_.emplace(std::vector<std::string>{program("loa-broker-reload"), (folder() / "controller/broker").string(),
                                           (folder() / "live").string(), "--pid-file", (folder() / "data/mosquitto.pid").string(), "--watch"},
                  Process::Options{folder(), "reload", {}, {}});
}

void Village::write_settings() {
  std::filesystem::create_directories(folder() / "data");
  write_file(folder() / "controller.toml",
             fmt::format("state = \"controller\"\nweb = \"\"\nstock = \"{0}/config/stock\"\nhosts = [\"localhost\", \"127.0.0.1\", \"{9}\", \"{10}\"]\n"
                         "log_level = \"debug\"\ndatabase = \"{5}\"\n"
                         "[http]\naddress = \"{10}\"\nport = {1}\n"
                         "[sign_in]\nsecond_factor_for = []\npasswords_by_admin = true\n"
                         "[nodes]\nbrokers = [\"mqtts://{9}:{6}\"{7}]\nfiles = [\"{4}\"{8}]\n"
                         "[broker]\naddress = \"mqtts://{11}:{2}\"\nbind = \"{10}\"\nport = {2}\nlive = \"live\"\ndata = \"data\"\nuser = \"{3}\"\n",
                         source_folder().string(), https_port_, broker_port_, account(), files_, database_, nodes_broker_port_,
                         second_broker_port_ == 0 ? "" : fmt::format(", \"mqtts://localhost:{}\"", second_broker_port_),
                         second_https_port_ == 0 ? "" : fmt::format(", \"https://localhost:{}\"", second_https_port_),
                         place_.name, place_.address, place_.address == "127.0.0.1" ? "localhost" : place_.address));
}

std::string Village::server() const {
  return fmt::format("https://{}:{}", place_.address == "127.0.0.1" ? "localhost" : place_.address, https_port_);
}

void Village::use_database(const std::string& url) {
  database_ = url;
  write_settings();
}

std::string Village::run(std::vector<std::string> argv, const std::string& name) {
  Process process(std::move(argv), {folder(), name, {}, {}});
  const auto code = process.wait(60s);
  if (code != 0) throw std::runtime_error(fmt::format("{} ended with {}: {}{}", name, code.value_or(-1), process.out(), process.err()));
  return process.out();
}

void Village::start_under(std::vector<std::string> controller, std::vector<std::string> nodes) {
  controller_environment_ = std::move(controller);
  node_environment_ = std::move(nodes);
}

void Village::restart_controller() {
  controller_->stop();
  start_controller();
  for (const auto* name : {"admin", "officer", "approver", "monitor"}) enter(name);
}

void Village::start_controller(const std::vector<std::string>& more) {
  auto environment = controller_environment_;
  environment.insert(environment.end(), more.begin(), more.end());
  controller_.emplace(std::vector<std::string>{program(controller_program_), "serve", "--config", (folder() / "controller.toml").string()},
                      Process::Options{folder(), "controller", environment, {}});
}

void Village::start_broker() {
  const auto* program = ::access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto";
  broker_.emplace(std::vector<std::string>{program, "-c", (folder() / "live/mosquitto.conf").string()},
                  Process::Options{folder(), "broker", {}, {}});
}

void Village::fetch_from(const std::string& address) {
  files_ = address;
  write_settings();
  controller_->stop();
  start_controller();
  enter("admin");
}

void Village::reach_broker_at(std::uint16_t port) {
  nodes_broker_port_ = port;
  write_settings();
  restart_controller();
}

void Village::announce_second_place() {
  second_broker_port_ = free_port();
  second_https_port_ = free_port();
  write_settings();
  restart_controller();
}

void Village::move_to_second_place() {
  broker_port_ = nodes_broker_port_ = std::exchange(second_broker_port_, 0);
  https_port_ = std::exchange(second_https_port_, 0);
  files_ = fmt::format("https://localhost:{}", https_port_);
  std::filesystem::remove_all(folder() / "live");
  std::filesystem::remove_all(folder() / "data");
  write_settings();
}

void Village::come_back() {
  reload_->stop();
  start_reload();  // it watched the folder that is gone
  start_controller();
  for (const auto* name : {"admin", "officer", "approver", "monitor"}) enter(name);
  loa("admin", {"login", "--server", server(), "--ca", (folder() / "controller/authority/ca.pem").string(), "--user", "admin",
                "--password-file", (folder() / "password").string()});
}

void Village::enter(const std::string& name) {
  std::string why;
  const bool in = eventually(20s, [&] {
    try {
      people_[name] = std::make_unique<Person>(server(), folder() / "controller/authority/ca.pem", name, kPassword);
      return true;
    } catch (const std::exception& error) {
      why = error.what();
      return false;
    }
  });
  if (!in) throw std::runtime_error(name + " cannot sign in: " + why + "\n" + last_words());
}

void Village::make_people() {
  const auto ca = folder() / "controller/authority/ca.pem";
  enter("admin");
  loa("admin", {"login", "--server", server(), "--ca", ca.string(), "--user", "admin", "--password-file", (folder() / "password").string()});
  const auto imported = loa("admin", {"area", "import", (source_folder() / "config/sample/hue-areas.csv").string(), "--prefix", "hue"});
  if (imported.code != 0) throw std::runtime_error("the areas were not imported: " + imported.err + last_words());
  const auto add = [&](const std::string& name, json::array grants) {
    admin().post("/users", {{"name", name}, {"display_name", name}, {"password", kPassword}, {"grants", std::move(grants)}});
    enter(name);
  };
  const auto both = [](const char* role) {
    return json::array{{{"role", role}, {"area", kWard}}, {{"role", role}, {"area", kCommune}}};
  };
  add("officer", both("author"));
  add("approver", both("approver"));
  add("monitor", {{{"role", "monitor"}, {"area", "hue"}}});
}

void Village::add_node(const std::string& code, const std::string& area, const std::string& more) {
  const auto made = admin().post("/nodes", {{"code", code}, {"area", area}, {"name", "Cụm " + code}});
  equip(code, text(made.at("node"), "id"), text(made, "bundle"), more);
}

void Village::equip(const std::string& code, const std::string& node_id, const std::string& bundle, const std::string& settings) {
  node_ids_[code] = node_id;
  std::filesystem::remove_all(node_folder(code));
  write_file(node_folder(code) / "bundle.json", bundle);
  write_file(node_folder(code) / "node.toml",
             fmt::format("state_folder = \"state\"\nstock_folder = \"{}/config/stock\"\nlog_level = \"debug\"\n"
                         "[sink]\nkind = \"wav\"\nfile = \"sound.wav\"\n{}", source_folder().string(), settings));
}

void Village::start_node(const std::string& code, const NodeStart& how) {
  const auto folder = node_folder(code);
  auto argv = how.before;
  argv.insert(argv.end(), {program("loa-node"), "--config", (folder / "node.toml").string(), "--bundle", (folder / "bundle.json").string()});
  auto environment = node_environment_;
  environment.insert(environment.end(), how.environment.begin(), how.environment.end());
  nodes_[code] = std::make_unique<Process>(std::move(argv), Process::Options{folder, "node", std::move(environment), {}});
}

bool Village::nodes_ready(std::chrono::milliseconds limit) {
  return eventually(limit, [this] {
    std::size_t ready = 0;
    const auto page = admin().get("/nodes");
    for (const auto& node : page.at("items").as_array()) {
      const auto* report = node.as_object().if_contains("report");
      if (report && text(node, "status") == "ready" && report->at("plan_verified") == node.at("wanted_plan")) ++ready;
    }
    return ready >= nodes_.size();
  });
}

std::string Village::approved_programme(const std::string& title, const std::string& words) {
  const auto made = officer().post("/programmes", {{"title", title}, {"area", kWard}, {"text", words}, {"legal_field", "Hộ tịch, cư trú"}});
  const auto id = text(made, "id");
  return approve(id, officer().post("/programmes/" + id + "/speech", {{"voice", "espeak/vi"}}));
}

std::string Village::approved_sound(const std::string& wav, const std::string& title) {
  const auto made = officer().post("/programmes", {{"title", title}, {"area", kWard}, {"legal_field", "Hộ tịch, cư trú"}});
  const auto id = text(made, "id");
  return approve(id, officer().upload("/programmes/" + id + "/audio", wav, "audio/wav"));
}

// Waits for its sound, and lets the other person approve it.
std::string Village::approve(const std::string& programme, const json::value& job) {
  const auto path = "/programmes/" + programme;
  json::value state;
  const bool done = eventually(120s, [&] {
    state = officer().get("/jobs/" + text(job, "id"));
    return text(state, "state") == "done" || text(state, "state") == "failed";
  });
  if (!done || text(state, "state") != "done") throw std::runtime_error("no sound: " + json::serialize(state) + last_words());
  officer().post(path + "/submit");
  approver().post(path + "/approve", {{"content_hash", text(approver().get(path), "content_hash")}});
  return programme;
}

std::string Village::schedule(const std::string& programme, std::chrono::seconds ahead, const json::object& more) {
  const auto start = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + ahead;
  const std::time_t at = std::chrono::system_clock::to_time_t(start);
  std::tm utc{};
  gmtime_r(&at, &utc);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc);
  json::object body{{"programme", programme}, {"class", "normal"}, {"start", stamp}, {"areas", json::array{kWard, kCommune}}};
  for (const auto& [key, value] : more) body[key] = value;
  return text(officer().post("/broadcasts", body), "id");
}

std::string Village::alert(const json::object& more) {
  json::object body{{"area", kWard}, {"status", "exercise"}, {"event", "flood"}, {"title", "Diễn tập"}, {"stock_clip", "flood"},
                    {"minutes", 30}};
  for (const auto& [key, value] : more) body[key] = value;
  const auto prepared = approver().post("/alerts", body);
  const auto id = text(prepared, "id");
  approver().post("/alerts/" + id + "/confirm", {{"confirmation_token", prepared.at("confirmation_token")}});
  return id;
}

json::array Village::records(const std::string& query) {
  return admin().get("/play-records?limit=200&" + query).at("items").as_array();
}

json::array Village::wait_for_records(const std::string& query, std::size_t count, std::chrono::milliseconds limit) {
  json::array found;
  eventually(limit, [&] { return (found = records(query)).size() >= count; });
  return found;
}

Village::Said Village::loa(const std::string& person, std::vector<std::string> arguments) {
  std::vector<std::string> argv{program("loa"), "--session", (folder() / (person + ".session")).string()};
  argv.insert(argv.end(), arguments.begin(), arguments.end());
  Process process(std::move(argv), {folder(), fmt::format("loa-{}", ++loa_calls_), {}, {}});
  const auto code = process.wait(60s);
  return {code.value_or(-1), process.out(), process.err()};
}

std::string Village::last_words() {
  constexpr std::size_t kTail = 3000;
  std::string words;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder())) {
    const auto extension = entry.path().extension();
    if ((extension != ".err" && extension != ".out") || entry.file_size() == 0) continue;
    const auto whole = read_file(entry.path());
    words += fmt::format("--- {}\n{}\n", entry.path().filename().string(), whole.substr(whole.size() - std::min(kTail, whole.size())));
  }
  return words;
}

}  // namespace loa::tests
