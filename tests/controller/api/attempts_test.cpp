#include <catch2/catch.hpp>

#include "controller/api/attempts.hpp"
#include "controller/api/passwords.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;
const scheduler::TimePoint kNow = scheduler::from_ms(1'000'000'000);

AttemptSource at(const std::string& address) { return {address, ""}; }
AttemptSource known(const std::string& device) { return {"a", device}; }

/// Somebody who may sign in.
AttemptTarget user(const std::string& name) { return {name, true}; }
AttemptTarget nobody(const std::string& name) { return {name, false}; }

void fail(Attempts& attempts, const std::string& name, const AttemptSource& from, int times, scheduler::TimePoint now = kNow) {
  for (int i = 0; i < times; ++i) attempts.failed(user(name), from, now);
}

}  // namespace

TEST_CASE("a few wrong passwords cost nothing, then each doubles the wait") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), Attempts::kFree - 1);
  CHECK(attempts.wait(user("huong"), at("a"), kNow) == 0ms);
  fail(attempts, "huong", at("a"), 1);
  CHECK(attempts.wait(user("huong"), at("a"), kNow) == 1s);
  fail(attempts, "huong", at("a"), 2);
  CHECK(attempts.wait(user("huong"), at("a"), kNow) == 4s);
  CHECK(attempts.wait(user("huong"), at("a"), kNow + 3s) == 1s);
  CHECK(attempts.wait(user("huong"), at("a"), kNow + 4s) == 0ms);
  fail(attempts, "huong", at("a"), 30);
  CHECK(attempts.wait(user("huong"), at("a"), kNow) == 5min);
}

TEST_CASE("guessing from one address locks nobody out at another") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), 40);
  CHECK(attempts.wait(user("huong"), at("b"), kNow) == 0ms);
  CHECK(attempts.wait(user("lan"), at("a"), kNow) == 0ms);
}

TEST_CASE("an address that fails for many users waits for all of them") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeOfAddress + 3; ++i) attempts.failed(user("user" + std::to_string(i)), at("a"), kNow);
  CHECK(attempts.wait(user("new"), at("a"), kNow) == 8s);
  CHECK(attempts.wait(user("new"), at("b"), kNow) == 0ms);
}

TEST_CASE("one user is guessed at from many addresses fewer than a hundred times an hour") {
  Attempts attempts;
  int tries = 0;
  for (auto now = kNow; now < kNow + 1h; now += 1s)
    for (int i = 0; i < 3; ++i) {
      const auto from = at("address " + std::to_string(tries));
      if (attempts.wait(user("huong"), from, now) > 0ms) continue;
      attempts.failed(user("huong"), from, now);
      ++tries;
    }
  CHECK(tries > Attempts::kFreeOfUser);
  CHECK(tries < 100);
}

TEST_CASE("a known device of the user waits for nobody's guesses but its own") {
  Attempts attempts;
  for (int i = 0; i < 300; ++i) attempts.failed(user("huong"), at("address " + std::to_string(i)), kNow);
  fail(attempts, "huong", at("a"), 60);
  CHECK(attempts.wait(user("huong"), at("a"), kNow) > 0ms);
  CHECK(attempts.wait(user("huong"), known("d"), kNow) == 0ms);
  fail(attempts, "huong", known("d"), Attempts::kFree);
  CHECK(attempts.wait(user("huong"), known("d"), kNow) == 1s);
  CHECK(attempts.wait(user("huong"), known("e"), kNow) == 0ms);
}

TEST_CASE("wrong codes after the right password wait longer, and no flood of names makes them forgotten") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeCodes + 12; ++i) attempts.wrong_code("huong", at("a"), kNow);
  CHECK(attempts.wait_for_code("huong", at("b"), kNow) == 1h);
  CHECK(attempts.wait_for_code("huong", known("d"), kNow) == 0ms);
  for (int i = 0; i < 4'000; ++i) attempts.failed(nobody("name " + std::to_string(i)), at(std::to_string(i)), kNow + 1s);
  CHECK(attempts.wait_for_code("huong", at("b"), kNow + 1s) > 59min);
  attempts.right_code("huong", at("b"));
  CHECK(attempts.wait_for_code("huong", at("b"), kNow + 1s) == 0ms);
}

TEST_CASE("neither made-up names nor many addresses make the guesses at a user forgotten") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeOfUser + 12; ++i) attempts.failed(user("huong"), at("address " + std::to_string(i)), kNow);
  REQUIRE(attempts.wait(user("huong"), at("a"), kNow + 1s) > 4min);
  for (int i = 0; i < static_cast<int>(Attempts::kMost) + 500; ++i) {
    const auto from = at("198.51." + std::to_string(i % 256) + "." + std::to_string(i / 256));
    attempts.failed(nobody("name " + std::to_string(i)), from, kNow + 1s);
  }
  CHECK(attempts.wait(user("huong"), at("a"), kNow + 1s) > 4min);
}

TEST_CASE("all addresses of one IPv6 network are one address") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeOfAddress + 3; ++i)
    attempts.failed(nobody("name" + std::to_string(i)), at("2001:db8:1:2::" + std::to_string(i)), kNow);
  CHECK(attempts.wait(user("huong"), at("2001:db8:1:2:3:4:5:6"), kNow) == 8s);
  CHECK(attempts.wait(user("huong"), at("2001:db8:1:3::1"), kNow) == 0ms);
  fail(attempts, "lan", at("2001:db8:9::1"), Attempts::kFree);
  CHECK(attempts.wait(user("lan"), at("2001:db8:9::2"), kNow) == 1s);
}

TEST_CASE("whoever signs in leaves no failure behind, and takes back none of others") {
  Attempts attempts;
  for (int i = 0; i < 200; ++i) {
    const auto who = user("person" + std::to_string(i % 100));
    attempts.failed(who, at("office"), kNow);
    attempts.succeeded(who, at("office"));
    attempts.failed(user("huong"), at("office " + std::to_string(i)), kNow);
    attempts.succeeded(user("huong"), at("office " + std::to_string(i)));
  }
  CHECK(attempts.wait(user("new"), at("office"), kNow) == 0ms);
  CHECK(attempts.wait(user("huong"), at("elsewhere"), kNow) == 0ms);
  for (int i = 0; i < Attempts::kFreeOfAddress; ++i) {
    attempts.failed(nobody("name" + std::to_string(i)), at("office"), kNow);
    attempts.failed(user("thief"), at("office"), kNow);
    attempts.succeeded(user("thief"), at("office"));
  }
  CHECK(attempts.wait(user("huong"), at("office"), kNow) == 1s);
}

TEST_CASE("success and a quarter of an hour forget") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), 8);
  attempts.succeeded(user("huong"), at("a"));
  CHECK(attempts.wait(user("huong"), at("a"), kNow) == 0ms);
  fail(attempts, "huong", at("a"), 8);
  CHECK(attempts.wait(user("huong"), at("a"), kNow + 16min) == 0ms);
  fail(attempts, "huong", at("a"), 1, kNow + 16min);
  CHECK(attempts.wait(user("huong"), at("a"), kNow + 16min) == 0ms);
}

TEST_CASE("a password fits its own hash only") {
  const PasswordCost cost{1, 8192};
  const auto hash = hash_password("đúng rồi", cost);
  CHECK(hash.starts_with("$argon2id$"));
  CHECK(fits("đúng rồi", hash, cost));
  CHECK_FALSE(fits("sai rồi", hash, cost));
  CHECK_FALSE(fits("", "", cost));
  CHECK(random_token().size() == 64);
  CHECK(random_token() != random_token());
}

}  // namespace loa::api
