#include <catch2/catch.hpp>
#include <algorithm>
#include <future>

#include "controller/store/user_sessions.hpp"
#include "controller/store/users.hpp"
#include "tests/controller/api/fixture.hpp"

// What happens to an account while one of its own requests waits for slow work (see Worker).
namespace loa::api {
namespace {

using namespace std::chrono_literals;

constexpr const char* kPassword = "/api/v1/session/password";
constexpr const char* kChange = R"({"old_password":"a good long password","new_password":"another long one"})";

/// A worker that is held up, and a request that was admitted and waits for it.
class Waiting {
 public:
  Waiting(TestApi& api, const std::string& user, std::function<tests::HttpAnswer(tests::HttpClient&)> ask)
      : x_api(api), x_holder(api.client("monitor")), x_asker(api.client(user)) {
    api.while_listing_voices = [this] {
      x_held.set_value();
      x_end.get_future().wait();
    };
    x_voices = std::async(std::launch::async, [this] { return x_holder.get("/api/v1/voices"); });
    x_held.get_future().wait();
    // Admission notes the use of a session once a minute: so it is seen from outside.
    api.clock.tick(2min);
    x_answer = std::async(std::launch::async, [this, ask = std::move(ask)] { return ask(x_asker); });
    const auto used = [&, now = api.clock.now()] {
      const auto sessions = api.write([&](store::Transaction& t) {
        const auto found = store::find_user_by_login(t.session(), user);
        return store::list_user_sessions(t.session(), found->id, now, 2h);
      });
      return sessions.at(0).last_used == now;
    };
    CHECK(api.eventually(used));  // not REQUIRE: the worker must be let go
  }
  ~Waiting() { release(); }

  /// Lets the worker go on; what was answered.
  tests::HttpAnswer answer() {
    release();
    x_voices.get();
    return x_answer.get();
  }

 private:
  void release() {
    if (!std::exchange(x_released, true)) x_end.set_value();
  }

  TestApi& x_api;
  tests::HttpClient x_holder, x_asker;
  std::promise<void> x_held, x_end;
  bool x_released = false;
  std::future<tests::HttpAnswer> x_voices, x_answer;
};

store::User author_of(TestApi& api) {
  return api.write([&](store::Transaction& t) { return *store::find_user(t.session(), api.user_author); });
}

}  // namespace

TEST_CASE("who is deactivated, reset or signed out while the own new password waits does not get it") {
  struct Row {
    const char* name;
    std::function<void(TestApi&, tests::HttpClient& admin)> meanwhile;
  };
  const Row rows[] = {
      {"deactivated",
       [](TestApi& api, tests::HttpClient& admin) {
         REQUIRE(admin.patch("/api/v1/users/" + api.user_author, R"({"disabled":true})").status == 200);
       }},
      {"another password",
       [](TestApi& api, tests::HttpClient&) {
         auto user = author_of(api);
         user.password_hash = "of another";
         api.write([&](store::Transaction& t) { store::update_user(t, user); });
       }},
      {"signed out",
       [](TestApi& api, tests::HttpClient& admin) {
         REQUIRE(admin.del("/api/v1/users/" + api.user_author + "/sessions").status == 204);
       }}};
  for (const auto& row : rows) {
    INFO(row.name);
    TestApi api;
    auto admin = api.client("root");  // now: signing in waits for the worker
    Waiting waiting(api, "author", [](tests::HttpClient& client) { return client.put(kPassword, kChange); });
    row.meanwhile(api, admin);
    const auto then = author_of(api);
    CHECK(waiting.answer().code() == "not_signed_in");
    CHECK(author_of(api) == then);
    CHECK(api.write([&](store::Transaction& t) { return store::list_user_sessions(t.session(), api.user_author, api.clock.now(), 2h); }).empty());
  }
}

TEST_CASE("an admin who is deactivated while a new account waits makes none") {
  TestApi api;
  Waiting waiting(api, "admin", [](tests::HttpClient& client) {
    return client.post("/api/v1/users", R"({"name":"next","display_name":"Next","password":"a quite long one here","grants":[{"role":"admin","area":"hue-a"}]})");
  });
  auto user = api.write([&](store::Transaction& t) { return *store::find_user(t.session(), api.user_admin); });
  user.disabled = true;
  api.write([&](store::Transaction& t) { store::update_user(t, user); });
  CHECK(waiting.answer().code() == "not_signed_in");
  CHECK_FALSE(api.write([](store::Transaction& t) { return store::find_user_by_login(t.session(), "next"); }));
}

TEST_CASE("strangers who fill the worker keep no known device out") {
  TestApi api;
  auto known = api.client("author");
  REQUIRE(known.del("/api/v1/session").status == 204);
  Waiting waiting(api, "approver", [](tests::HttpClient& client) { return client.get("/api/v1/session"); });
  std::vector<std::future<tests::HttpAnswer>> strangers;
  for (int i = 0; i <= Worker::kMostOfStrangers; ++i)
    strangers.push_back(std::async(std::launch::async, [&api, i] {
      return api.anyone().post("/api/v1/session", R"({"name":"name)" + std::to_string(i) + R"(","password":"a guess"})");
    }));
  const auto refused = [&] {
    return std::any_of(strangers.begin(), strangers.end(), [](const auto& one) { return one.wait_for(0ms) == std::future_status::ready; });
  };
  CHECK(api.eventually(refused));
  auto author = std::async(std::launch::async, [&] { return known.post("/api/v1/session", R"({"name":"author","password":"a good long password"})"); });
  CHECK(waiting.answer().status == 200);
  CHECK(author.get().status == 200);
  int busy = 0;
  for (auto& one : strangers) busy += one.get().code() == "busy";
  CHECK(busy > 0);
}

}  // namespace loa::api
