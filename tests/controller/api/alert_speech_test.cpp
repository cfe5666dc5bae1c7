#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <future>
#include <optional>

#include "controller/store/sql.hpp"
#include "fixture.hpp"

using namespace loa::api;
using loa::tests::HttpAnswer;
using namespace std::chrono_literals;

namespace {

/// An officer in front of an alert whose text is being spoken, until the test says that it is.
struct Speaking {
  explicit Speaking(std::chrono::milliseconds patience = 1min) : api({}, true, patience) { api.finish_jobs = false; }

  HttpAnswer prepare() {
    return client.post("/api/v1/alerts", R"({"area":"hue-a","status":"actual","event":"flood","title":"Lũ","minutes":10,"text":"Nước đang lên."})");
  }
  HttpAnswer confirm(const HttpAnswer& prepared) {
    return client.post("/api/v1/alerts/" + prepared.text("/id") + "/confirm",
                       R"({"confirmation_token":")" + prepared.text("/confirmation_token") + R"("})");
  }
  /// A confirmation on its way, which waits by now.
  std::future<HttpAnswer> confirming(const HttpAnswer& prepared) {
    auto answer = std::async(std::launch::async, [this, prepared] { return confirm(prepared); });
    REQUIRE(api.eventually([this] { return api.waiting_for_speech() == 1; }));
    return answer;
  }

  TestApi api;
  loa::tests::HttpClient client = api.client("approver");
};

}  // namespace

TEST_CASE("who waits for a speech goes on in the very turn in which it ends") {
  boost::asio::io_context loop;
  Speeches speeches(loop.get_executor());
  auto spoken = speeches.begin("l-one");
  auto other = speeches.begin("l-other");
  std::optional<bool> waited;
  auto wait = speeches.wait("l-one", 1h);
  boost::asio::co_spawn(loop, std::move(wait), [&](std::exception_ptr, bool goes_on) { waited = goes_on; });
  loop.poll();
  CHECK(speeches.waiting() == 1);
  SECTION("it is spoken, or given up") { spoken.reset(); }
  SECTION("nobody needs it any more") { speeches.end("l-one"); }
  SECTION("another ends, and then the api") {
    other.reset();
    loop.poll();
    CHECK_FALSE(waited);
    speeches.close();
    loop.poll();
    CHECK(waited == false);
    return;
  }
  loop.poll();  // no time passes here
  CHECK(waited == true);
  CHECK(speeches.waiting() == 0);
}

TEST_CASE("an alert waits for its speech, and goes when it is spoken") {
  Speaking officer;  // who would wait a minute
  auto answer = officer.confirming(officer.prepare());
  CHECK(answer.wait_for(0s) == std::future_status::timeout);
  CHECK(officer.api.calls.alerts.empty());
  officer.api.finish_job();
  REQUIRE(answer.wait_for(20s) == std::future_status::ready);
  const auto sent = answer.get();
  INFO(sent.body);
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/speech") == "spoken");
}

TEST_CASE("a confirmation does not wait for ever for speech") {
  Speaking officer(200ms);
  const auto sent = officer.confirm(officer.prepare());
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/speech") == "failed");
  CHECK(sent.text("/speech_problem") == "The speech was not ready in time.");
  officer.api.finish_job();  // it comes too late
  CHECK(officer.client.get("/api/v1/alerts/" + sent.text("/id")).text("/speech") == "failed");
}

TEST_CASE("an alert that is cancelled while its confirmation waits is not sent, and nobody waits on") {
  Speaking officer;
  const auto prepared = officer.prepare();
  auto answer = officer.confirming(prepared);
  CHECK(officer.api.client("approver").post("/api/v1/alerts/" + prepared.text("/id") + "/cancel", "").status == 200);
  const auto sent = answer.get();
  CHECK(sent.status == 409);
  CHECK(sent.code() == "wrong_state");
  CHECK(officer.api.calls.alerts.empty());
}

TEST_CASE("an alert whose speech broke off is sent at once with its stock clip") {
  Speaking officer;
  officer.api.while_listing_voices = [] { throw std::runtime_error("the list of voices cannot be read"); };
  const auto sent = officer.confirm(officer.prepare());  // without a minute's patience
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/speech") == "failed");
  CHECK(sent.text("/stock_clip") == "flood");
}

TEST_CASE("a confirmation that was asked for in time counts, however long the text takes") {
  Speaking officer;
  const auto prepared = officer.prepare();
  officer.api.clock.tick(4min + 52s);
  auto answer = officer.confirming(prepared);
  officer.api.clock.tick(10s);
  officer.api.finish_job();
  const auto sent = answer.get();
  INFO(sent.body);
  CHECK(sent.text("/state") == "active");
  CHECK(sent.text("/sent_at") == "2026-11-25T01:05:02Z");
}

TEST_CASE("a text that was being spoken when the controller stopped keeps no confirmation waiting, and why it is not heard is said") {
  Speaking officer;
  const auto prepared = officer.prepare();
  officer.api.start_another();
  const auto known = officer.client.get("/api/v1/alerts/" + prepared.text("/id"));
  CHECK(known.text("/speech") == "failed");
  CHECK(known.text("/speech_problem") == "The controller was stopped while it was being spoken.");
}

TEST_CASE("why the speech of an alert could not be begun is kept with it") {
  Speaking officer;
  officer.api.while_listing_voices = [] { throw std::runtime_error("the list of voices cannot be read"); };
  const auto prepared = officer.prepare();
  const auto path = "/api/v1/alerts/" + prepared.text("/id");
  CHECK(officer.api.eventually([&] { return officer.client.get(path).text("/speech") == "failed"; }));
  CHECK(officer.client.get(path).text("/speech_problem") == "The speech could not be begun: the list of voices cannot be read.");
}

TEST_CASE("a clip that the store does not take at once is offered again") {
  Speaking officer;
  const auto prepared = officer.prepare();
  const auto rename = [&](const std::string& from, const std::string& to) {
    officer.api.write([&](loa::store::Transaction& t) { loa::store::sql::execute(t.session(), "alter table " + from + " rename to " + to, {}); });
  };
  REQUIRE(officer.api.eventually([&] { return officer.api.calls.jobs.size() == 1; }));
  rename("clips", "away");
  officer.api.finish_job();
  for (int i = 0; i < 3; ++i) officer.api.on_loop([] {});  // the first try is on its way
  rename("away", "clips");
  const auto sent = officer.confirm(prepared);
  CHECK(sent.text("/speech") == "spoken");
}
