#include "tests/controller/api/fixture.hpp"

#include <boost/asio/post.hpp>
#include <fstream>
#include <future>

#include "controller/store/alarms.hpp"
#include "controller/store/api_tokens.hpp"
#include "protocol/authorities.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "tests/support/api_things.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/sample_authority.hpp"

namespace loa::api {
TestApi::TestApi(std::vector<store::Role> second_factor_for, bool passwords_by_admin, std::chrono::milliseconds speech_patience) {
  x_store = std::make_unique<store::Store>(x_loop.get_executor(), tests::store_url(folder / "loa.db"), clock);
  fill();
  Settings settings;
  settings.web_root = folder / "page";
  settings.idle_time = std::chrono::hours(2);
  settings.second_factor_key = folder / "second-factor.key";
  settings.second_factor_for = second_factor_for;
  settings.passwords_by_admin = passwords_by_admin;
  settings.upload_bytes = 1'000'000;
  settings.password_cost = tests::kApiPasswordCost;
  settings.speech_patience = speech_patience;
  settings.keep_results = {std::chrono::milliseconds(10), 8};
  x_api = std::make_unique<Api>(*x_store, settings, hooks());
  http::ServerSettings server;
  server.limits.heartbeat = std::chrono::milliseconds(100);
  x_server = std::make_unique<http::Server>(x_loop.get_executor(), server, *x_api);
  port = x_server->port();
  x_thread = std::thread([this] { x_loop.run(); });
}

TestApi::~TestApi() {
  on_loop([this] {
    x_api->close_streams();
    x_server->stop();
  });
  x_work.reset();
  x_thread.join();
  x_server.reset();
  x_api.reset();
  x_store.reset();
}

tests::HttpClient TestApi::client(const std::string& user) {
  tests::HttpClient made(base());
  made.sign_in(user, kPassword);
  return made;
}

void TestApi::on_loop(std::function<void()> work) {
  std::promise<void> done;
  boost::asio::post(x_loop, [&] {
    work();
    done.set_value();
  });
  done.get_future().wait();
}

bool TestApi::eventually(const std::function<bool()>& holds) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (std::chrono::steady_clock::now() < end) {
    if (holds()) return true;
    on_loop([] {});
  }
  return false;
}

std::optional<media::Problem> TestApi::start_job(media::Job work) {
  {
    const std::lock_guard lock(calls.mutex);
    calls.jobs.push_back(work.source);
  }
  if (job_problem) return job_problem;
  if (finish_jobs)
    boost::asio::post(x_loop, [work = std::move(work)] { finish(work); });
  else
    x_held.push_back(std::move(work));
  return {};
}

void TestApi::finish(const media::Job& work) {
  media::Clip clip;
  clip.sha256 = protocol::sha256_hex(work.id);
  clip.bytes = 30'000;
  clip.duration_ms = 10'000;
  clip.lufs = -16;
  clip.true_peak_dbtp = -1.5;
  work.on_done(clip);
}

void TestApi::finish_job() {
  bool finished = false;
  const bool held = eventually([&] {
    on_loop([&] {
      if (x_held.empty()) return;
      const auto job = std::move(x_held.front());
      x_held.pop_front();
      finish(job);
      finished = true;
    });
    return finished;
  });
  if (!held) throw std::logic_error("no job is held back");
}

std::size_t TestApi::waiting_for_speech() {
  std::size_t waiting = 0;
  on_loop([&] { waiting = x_api->speeches().waiting(); });
  return waiting;
}

Hooks TestApi::hooks() {
  Hooks made = tests::quiet_hooks(folder.path());
  made.plans_changed = [this](auto areas, auto nodes) {
    const std::lock_guard lock(calls.mutex);
    calls.planned_areas.insert(calls.planned_areas.end(), areas.begin(), areas.end());
    calls.planned_nodes.insert(calls.planned_nodes.end(), nodes.begin(), nodes.end());
  };
  made.send_order = [this](auto order) {
    const std::lock_guard lock(calls.mutex);
    calls.orders.push_back(std::move(order));
  };
  made.alert_changed = [this](auto changed) {
    const std::lock_guard lock(calls.mutex);
    calls.alerts.push_back(std::move(changed));
  };
  made.node_changed = [this](auto changed) {
    const std::lock_guard lock(calls.mutex);
    calls.changed_nodes.push_back(std::move(changed));
  };
  made.broker_told = [this]() -> boost::asio::awaitable<std::string> {
    const std::lock_guard lock(calls.mutex);
    co_return broker_deaf;
  };
  made.make_board = [this](const auto& id, const auto&, const auto& areas) -> http::Result<NewBoard> {
    if (meanwhile) meanwhile();
    protocol::KeySet sample;
    sample.authorities = {tests::kSampleAuthority};
    return NewBoard{"bundle of " + id + " in " + areas.back(), {}, "01", protocol::authorities_pem(sample).value()};
  };
  made.board_refused = [this](auto jws) {
    const std::lock_guard lock(calls.mutex);
    calls.refused_boards.push_back(std::move(jws));
  };
  made.key_set = [] {
    protocol::KeySet keys;
    keys.number = 3;
    protocol::SigningKey key;
    key.kid = "k1";
    key.may_sign = {protocol::MessageType::plan, protocol::MessageType::alert};
    key.branch = "hue";
    keys.keys.push_back(key);
    keys.authorities = {tests::kSampleAuthority};
    return std::optional(keys);
  };
  made.found = [this] {
    const std::lock_guard lock(calls.mutex);
    return found;
  };
  made.hold_ended = [this] {
    const std::lock_guard lock(calls.mutex);
    ++calls.holds_ended;
  };
  made.open_alarms = [] { return std::vector<OpenAlarms>{{"clock_behind", 1}}; };
  made.start_job = [this](media::Job work) { return start_job(std::move(work)); };
  made.find_job = [](const auto&) { return std::optional(media::JobState{media::JobState::Phase::running, 40, 0}); };
  made.voices = [this] {
    if (while_listing_voices) while_listing_voices();
    return std::vector<VoiceChoice>{{"espeak/af", "Afrikaans", "af"}, {"espeak/vi", "Tiếng Việt", "vi"}};
  };
  return made;
}

void TestApi::start_another() {
  Settings settings;
  settings.second_factor_key = folder / "second-factor.key";
  on_loop([&] { Api another(*x_store, settings, hooks()); });
}

std::string TestApi::approved_programme(const std::string& where, const std::string& title, int seconds) {
  store::Programme made;
  made.id = protocol::random_id("p");
  made.area = where;
  made.title = title;
  made.script = "Kính thưa bà con.";
  made.author = user_author;
  write([&](store::Transaction& transaction) { tests::add_approved_programme(transaction, made, seconds); });
  return made.id;
}

void TestApi::fill() {
  using store::Role;
  std::filesystem::create_directories(folder / "clips");
  std::filesystem::create_directories(folder / "page");
  std::ofstream(folder / "page/index.html") << "<!doctype html>page";
  struct Row {
    const char* login;
    std::vector<store::Grant> grants;
  };
  const Row users[] = {{"root", {{Role::admin, "hue"}}},
                       {"admin", {{Role::admin, "hue-a"}}},
                       {"author", {{Role::author, "hue-a"}}},
                       {"approver", {{Role::approver, "hue-a"}}},
                       {"both", {{Role::author, "hue-a"}, {Role::approver, "hue-a"}}},
                       {"monitor", {{Role::monitor, "hue-a"}}},
                       {"stranger", {{Role::author, "hue-b"}, {Role::approver, "hue-b"}, {Role::monitor, "hue-b"}, {Role::admin, "hue-b"}}}};
  for (auto* id : {&node, &other_node}) *id = protocol::random_id("n");
  for (auto* id : {&programme, &draft}) *id = protocol::random_id("p");
  broadcast = protocol::random_id("b");
  alert = protocol::random_id("l");
  alert_token = "known token";
  job = protocol::random_id("j");
  stream = protocol::random_id("st");
  write([&](store::Transaction& transaction) {
    tests::add_areas(transaction);
    tests::add_commune(transaction, "hue-empty", "Xã không loa");
    for (const auto& row : users) {
      const auto id = protocol::random_id("u");
      tests::add_person(transaction, id, row.login, row.grants);
      if (row.login == std::string("author")) user_author = id;
      if (row.login == std::string("admin")) user_admin = id;
    }
    tests::add_things(transaction, {user_author, node, programme, draft, broadcast, alert, alert_token, job, {}, stream});
    tests::add_silent_node(transaction, other_node, "B-1", "Nhà văn hóa", "hue-b");
    alarm = store::raise_alarm(transaction, {store::AlarmKind::node_signature, node, "hue-a", "state: not signed by it"}).id;
    token = "loa_" + std::string(64, '7');
    store::ApiToken machine;
    machine.id = token_id = protocol::random_id("t");
    machine.token_hash = protocol::sha256_hex(token);
    machine.name = "portal";
    machine.area = "hue-a";
    machine.scopes = {"read:records"};
    machine.creator = user_admin;
    machine.created = transaction.now();
    machine.expires = transaction.now() + std::chrono::hours(24);
    store::add_api_token(transaction, machine);
    unbound_alarm = store::raise_alarm(transaction, {store::AlarmKind::clock_behind, "controller", "", "nothing is signed"}).id;
  });
}

}  // namespace loa::api
