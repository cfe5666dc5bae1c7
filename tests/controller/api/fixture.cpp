#include "tests/controller/api/fixture.hpp"

#include <boost/asio/post.hpp>
#include <fstream>
#include <future>

#include "controller/store/alarms.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/api_tokens.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/programmes.hpp"
#include "protocol/authorities.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/sample_authority.hpp"

namespace loa::api {
namespace {

store::Area area(const char* id, const char* parent, const char* name) {
  store::Area made;
  made.id = id;
  made.parent = parent;
  made.name = name;
  made.kind = *parent ? "commune" : "province";
  return made;
}

store::Clip clip_row(const std::string& seed, int seconds) {
  store::Clip clip;
  clip.sha256 = protocol::sha256_hex(seed);
  clip.bytes = 3000 * seconds;
  clip.duration = std::chrono::seconds(seconds);
  clip.loudness_lufs = -16;
  clip.true_peak_dbtp = -1.5;
  clip.made_from = "speech";
  clip.source_name = "espeak/vi";
  return clip;
}

}  // namespace

TestApi::TestApi(std::vector<store::Role> second_factor_for, bool passwords_by_admin) {
  x_store = std::make_unique<store::Store>(x_loop.get_executor(), tests::store_url(folder / "loa.db"), clock);
  fill();
  Settings settings;
  settings.web_root = folder / "page";
  settings.idle_time = std::chrono::hours(2);
  settings.second_factor_key = folder / "second-factor.key";
  settings.second_factor_for = second_factor_for;
  settings.passwords_by_admin = passwords_by_admin;
  settings.upload_bytes = 1'000'000;
  settings.password_cost = {1, 8192};
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
  if (!finish_jobs) return {};
  auto finish = [done = work.on_done, id = work.id] {
    media::Clip clip;
    clip.sha256 = protocol::sha256_hex(id);
    clip.bytes = 30'000;
    clip.duration_ms = 10'000;
    clip.lufs = -16;
    clip.true_peak_dbtp = -1.5;
    done(clip);
  };
  boost::asio::post(x_loop, std::move(finish));
  return {};
}

Hooks TestApi::hooks() {
  Hooks made;
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
  made.health = [] { return std::vector<HealthCheck>{{"store", true, ""}, {"broker", true, "connected"}}; };
  made.open_alarms = [] { return std::vector<OpenAlarms>{{"clock_behind", 1}}; };
  made.start_job = [this](media::Job work) { return start_job(std::move(work)); };
  made.find_job = [](const auto&) { return std::optional(media::JobState{media::JobState::Phase::running, 40, 0}); };
  made.upload_file = [this] { return folder.path() / protocol::random_id("up"); };
  made.clip_file = [this](std::string_view sha256) -> std::optional<std::filesystem::path> {
    const auto file = folder.path() / "clips" / std::string(sha256);
    if (!std::filesystem::exists(file)) return {};
    return file;
  };
  made.voices = [this] {
    if (while_listing_voices) while_listing_voices();
    return std::vector<VoiceChoice>{{"espeak/vi", "Tiếng Việt", "vi"}};
  };
  return made;
}

std::string TestApi::approved_programme(const std::string& where, const std::string& title, int seconds) {
  store::Programme made;
  made.id = protocol::random_id("p");
  made.area = where;
  made.title = title;
  made.script = "Kính thưa bà con.";
  made.author = user_author;
  write([&](store::Transaction& transaction) {
    const auto clip = clip_row(made.id, seconds);
    store::put_clip(transaction, clip);
    store::add_programme(transaction, made);
    store::set_programme_clip(transaction, made.id, clip.sha256);
    store::submit_programme(transaction, made.id);
    const auto hash = store::find_programme(transaction.session(), made.id)->content_hash;
    store::approve_programme(transaction, made.id, hash);
  });
  return made.id;
}

void TestApi::fill() {
  using store::Role;
  const auto hash = hash_password(kPassword, {1, 8192});
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
  node = protocol::random_id("n");
  other_node = protocol::random_id("n");
  write([&](store::Transaction& transaction) {
    store::add_area(transaction, area("hue", "", "Thành phố Huế"));
    store::add_area(transaction, area("hue-a", "hue", "Xã A"));
    store::add_area(transaction, area("hue-b", "hue", "Xã B"));
    store::add_area(transaction, area("hue-empty", "hue", "Xã không loa"));
    for (const auto& row : users) {
      store::User user;
      user.id = protocol::random_id("u");
      user.login = row.login;
      user.name = row.login;
      user.password_hash = hash;
      store::add_user(transaction, user);
      store::set_grants(transaction, user.id, row.grants);
      if (user.login == "author") user_author = user.id;
      if (user.login == "admin") user_admin = user.id;
    }
    store::Node first;
    first.id = node;
    first.code = "A-1";
    first.name = "Nhà văn hóa";
    first.area = "hue-a";
    store::add_node(transaction, first);
    first.id = other_node;
    first.code = "B-1";
    first.area = "hue-b";
    store::add_node(transaction, first);
    const auto clip = clip_row("flood", 10);
    store::put_clip(transaction, clip);
    store::put_stock_clip(transaction, {"flood", clip.sha256, "Lũ"});
  });
  programme = approved_programme("hue-a", "Luật Căn cước");
  write([&](store::Transaction& transaction) {
    store::Programme made;
    made.id = draft = protocol::random_id("p");
    made.area = "hue-a";
    made.title = "Bản nháp";
    made.script = "Nội dung.";
    made.author = user_author;
    store::add_programme(transaction, made);
    store::Broadcast wanted;
    wanted.id = broadcast = protocol::random_id("b");
    wanted.programme = programme;
    wanted.area = "hue-a";
    wanted.areas = {"hue-a"};
    wanted.when.start = scheduler::to_local(clock.now() + std::chrono::hours(24), wanted.when.zone);
    wanted.creator = user_author;
    store::add_broadcast(transaction, wanted);
    store::AlertRow row;
    row.alert.id = alert = protocol::random_id("l");
    row.alert.area = "hue-a";
    row.alert.event = "flood";
    row.alert.title = "Lũ";
    row.alert.language = "vi";
    row.alert.stock_clip = "flood";
    row.lasts = std::chrono::hours(1);
    alert_token = "known token";
    row.token_hash = protocol::sha256_hex(alert_token);
    row.confirm_before = clock.now() + std::chrono::minutes(5);
    store::prepare_alert(transaction, row);
    store::MediaJob work;
    work.id = job = protocol::random_id("j");
    work.programme = programme;
    work.area = "hue-a";
    work.kind = "speech";
    work.state = store::JobState::done;
    work.creator = user_author;
    store::add_media_job(transaction, work);
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
