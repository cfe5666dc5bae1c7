#include "tests/fuzz/api_world.hpp"

#include <boost/asio/co_spawn.hpp>
#include <exception>

#include "controller/api/routes.hpp"
#include "controller/store/alarms.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/programmes.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "tests/support/api_things.hpp"

namespace loa::fuzz {

namespace {

const std::string kStranger = "u-" + std::string(26, 'b');

void add_user(store::Transaction& transaction, const std::string& id, const std::string& login, const std::vector<store::Grant>& grants) {
  tests::add_person(transaction, id, login, grants);
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
  settings.password_cost = tests::kApiPasswordCost;
  settings.second_factor_key = x_folder / "second-factor.key";
  x_api = std::make_unique<api::Api>(*x_store, settings, tests::quiet_hooks(x_folder.path()));
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

void ApiWorld::fill() {
  using store::Role;
  x_store->write_sync(store::Actor{kUser, ""}, [](store::Transaction& transaction) {
    tests::add_areas(transaction, kSecret);
    add_user(transaction, kUser, "root", {{Role::admin, "hue"}, {Role::author, "hue"}, {Role::approver, "hue"}, {Role::monitor, "hue"}});
    add_user(transaction, kStranger, "stranger", {{Role::admin, "hue-b"}, {Role::author, "hue-b"}, {Role::approver, "hue-b"}, {Role::monitor, "hue-b"}});
    tests::add_things(transaction, {kStranger, kNode, kProgramme, kDraft, kBroadcast, kAlert, kToken, kJob, kSecret, kStream});
    const auto tone = tests::clip_of("tone", 5), sound = tests::clip_of(kDraft, 60);
    for (const auto& clip : {tone, sound}) store::put_clip(transaction, clip);
    store::put_stock_clip(transaction, {"tone", tone.sha256, "tone"});
    store::set_programme_clip(transaction, kDraft, sound.sha256);
    store::raise_alarm(transaction, {store::AlarmKind::node_signature, kNode, "hue-a", kSecret});
  });
}

}  // namespace loa::fuzz
