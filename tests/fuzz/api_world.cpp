#include "tests/fuzz/api_world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "controller/api/routes.hpp"
#include "controller/store/alarms.hpp"
#include "controller/store/alerts.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/programmes.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {

namespace {

const std::string kStranger = "u-" + std::string(26, 'b');

store::Area area(const char* id, const char* parent, const std::string& name) {
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
  clip.made_from = "speech";
  clip.source_name = "espeak/vi";
  return clip;
}

void add_user(store::Transaction& transaction, const std::string& id, const std::string& login, const std::vector<store::Grant>& grants) {
  store::User user;
  user.id = id;
  user.login = login;
  user.name = login;
  user.password_hash = api::hash_password("a good long password", {1, 8192});
  store::add_user(transaction, user);
  store::set_grants(transaction, id, grants);
  store::UserSession session;
  session.id = protocol::random_id("s");
  session.token_hash = protocol::sha256_hex("session of " + login);
  session.user = id;
  session.created = transaction.now();
  session.expires = transaction.now() + std::chrono::hours(12);
  session.last_used = session.proven = transaction.now();
  store::add_user_session(transaction, session);
}

}  // namespace

ApiWorld::ApiWorld() {
  x_store = std::make_unique<store::Store>(x_loop.get_executor(), "sqlite://" + (x_folder / "loa.db").string(), x_clock);
  std::filesystem::create_directories(x_folder / "clips");
  fill();
  api::Settings settings;
  settings.upload_bytes = 64 * 1024;
  settings.password_cost = {1, 8192};
  settings.second_factor_key = x_folder / "second-factor.key";
  x_api = std::make_unique<api::Api>(*x_store, settings, hooks());
}

ApiWorld::~ApiWorld() {
  x_api->close_streams();
  x_api.reset();
  x_store.reset();
}

std::string ApiWorld::cookie(const std::string& user) const { return std::string(api::kCookie) + "=session of " + user; }

http::Response ApiWorld::answer(http::Request request, std::string body) {
  http::Response response;
  std::exception_ptr failure;
  bool done = false;
  auto work = [&]() -> boost::asio::awaitable<void> {
    auto plan = co_await x_api->plan_body(request);
    if (auto* refusal = std::get_if<http::Response>(&plan)) {
      response = std::move(*refusal);
      co_return;
    }
    if (const auto* file = std::get_if<http::FileBody>(&plan)) {
      request.file.emplace(file->file);
      request.file->append(std::string_view(body).substr(0, file->limit));
      request.file->close();
    } else {
      request.body = body.substr(0, std::get<http::BufferBody>(plan).limit);
    }
    response = co_await x_api->handle(std::move(request));
  };
  boost::asio::co_spawn(x_loop, work, [&](std::exception_ptr error) {
    failure = error;
    done = true;
  });
  while (!done) x_loop.run_one();
  x_loop.poll();
  if (failure) std::rethrow_exception(failure);
  return response;
}

api::Hooks ApiWorld::hooks() {
  api::Hooks made;
  made.plans_changed = [](auto, auto) {};
  made.send_order = [](auto) {};
  made.alert_changed = [](auto) {};
  made.node_changed = [](auto) {};
  made.broker_told = []() -> boost::asio::awaitable<std::string> { co_return std::string(); };
  made.make_board = [](const auto& id, const auto&, const auto&) -> http::Result<api::NewBoard> { return api::NewBoard{"bundle of " + id, {}, "01"}; };
  made.board_refused = [](auto) {};
  made.found = [] { return api::Found{}; };
  made.hold_ended = [] {};
  made.key_set = [] { return std::optional<protocol::KeySet>(); };
  made.health = [] { return std::vector<api::HealthCheck>{{"store", true, ""}}; };
  made.open_alarms = [] { return std::vector<api::OpenAlarms>{}; };
  made.start_job = [](media::Job) { return std::optional<media::Problem>(); };
  made.find_job = [](const auto&) { return std::optional<media::JobState>(); };
  made.upload_file = [this] { return x_folder.path() / protocol::random_id("up"); };
  made.clip_file = [this](std::string_view sha256) -> std::optional<std::filesystem::path> {
    const auto file = x_folder.path() / "clips" / std::string(sha256);
    if (!std::filesystem::exists(file)) return {};
    return file;
  };
  made.voices = [] { return std::vector<api::VoiceChoice>{{"espeak/vi", "Tiếng Việt", "vi"}}; };
  return made;
}

void ApiWorld::fill() {
  using store::Role;
  const std::string secret = kSecret;
  x_store->write_sync(store::Actor{kUser, ""}, [&](store::Transaction& transaction) {
    store::add_area(transaction, area("hue", "", "Thành phố Huế"));
    store::add_area(transaction, area("hue-a", "hue", secret));
    store::add_area(transaction, area("hue-b", "hue", "Xã B"));
    add_user(transaction, kUser, "root", {{Role::admin, "hue"}, {Role::author, "hue"}, {Role::approver, "hue"}, {Role::monitor, "hue"}});
    add_user(transaction, kStranger, "stranger", {{Role::admin, "hue-b"}, {Role::author, "hue-b"}, {Role::approver, "hue-b"}, {Role::monitor, "hue-b"}});
    store::Node node;
    node.id = kNode;
    node.code = "A-1";
    node.name = secret;
    node.area = "hue-a";
    store::add_node(transaction, node);
    for (const char* name : {"flood", "tone"}) {
      const auto clip = clip_row(name, 5);
      store::put_clip(transaction, clip);
      store::put_stock_clip(transaction, {name, clip.sha256, name});
    }
    for (const auto& id : {kProgramme, kDraft}) {
      store::Programme made;
      made.id = id;
      made.area = "hue-a";
      made.title = secret;
      made.script = secret;
      made.author = kStranger;
      const auto clip = clip_row(id, 60);
      store::put_clip(transaction, clip);
      store::add_programme(transaction, made);
      store::set_programme_clip(transaction, id, clip.sha256);
    }
    store::submit_programme(transaction, kProgramme);
    store::approve_programme(transaction, kProgramme, store::find_programme(transaction.session(), kProgramme)->content_hash);
    store::Broadcast wanted;
    wanted.id = kBroadcast;
    wanted.programme = kProgramme;
    wanted.area = "hue-a";
    wanted.areas = {"hue-a"};
    wanted.when.start = scheduler::to_local(x_clock.now() + std::chrono::hours(24), wanted.when.zone);
    wanted.creator = kStranger;
    store::add_broadcast(transaction, wanted);
    store::AlertRow row;
    row.alert.id = kAlert;
    row.alert.area = "hue-a";
    row.alert.event = "flood";
    row.alert.title = secret;
    row.alert.language = "vi";
    row.alert.stock_clip = "flood";
    row.lasts = std::chrono::hours(1);
    row.token_hash = protocol::sha256_hex(kToken);
    row.confirm_before = x_clock.now() + std::chrono::minutes(5);
    store::prepare_alert(transaction, row);
    store::MediaJob job;
    job.id = kJob;
    job.programme = kDraft;
    job.area = "hue-a";
    job.kind = "speech";
    job.state = store::JobState::done;
    job.creator = kStranger;
    store::add_media_job(transaction, job);
    store::raise_alarm(transaction, {store::AlarmKind::node_signature, kNode, "hue-a", secret});
  });
}

}  // namespace loa::fuzz
