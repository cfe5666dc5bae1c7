#include <catch2/catch.hpp>

#include "controller/api/attempts.hpp"
#include "controller/api/passwords.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;
const scheduler::TimePoint kNow = scheduler::from_ms(1'000'000'000);

AttemptSource at(const std::string& address) { return {address, ""}; }
AttemptSource known(const std::string& device) { return {"a", device}; }

void fail(Attempts& attempts, const std::string& user, const AttemptSource& from, int times, scheduler::TimePoint now = kNow) {
  for (int i = 0; i < times; ++i) attempts.failed(user, from, now);
}

}  // namespace

TEST_CASE("a few wrong passwords cost nothing, then each doubles the wait") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), Attempts::kFree - 1);
  CHECK(attempts.wait("huong", at("a"), kNow) == 0ms);
  fail(attempts, "huong", at("a"), 1);
  CHECK(attempts.wait("huong", at("a"), kNow) == 1s);
  fail(attempts, "huong", at("a"), 2);
  CHECK(attempts.wait("huong", at("a"), kNow) == 4s);
  CHECK(attempts.wait("huong", at("a"), kNow + 3s) == 1s);
  CHECK(attempts.wait("huong", at("a"), kNow + 4s) == 0ms);
  fail(attempts, "huong", at("a"), 30);
  CHECK(attempts.wait("huong", at("a"), kNow) == 5min);
}

TEST_CASE("guessing from one address locks nobody out at another") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), 40);
  CHECK(attempts.wait("huong", at("b"), kNow) == 0ms);
  CHECK(attempts.wait("lan", at("a"), kNow) == 0ms);
}

TEST_CASE("an address that fails for many users waits for all of them") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeOfAddress + 3; ++i) attempts.failed("user" + std::to_string(i), at("a"), kNow);
  CHECK(attempts.wait("new", at("a"), kNow) == 8s);
  CHECK(attempts.wait("new", at("b"), kNow) == 0ms);
}

TEST_CASE("one user is guessed at from many addresses fewer than a hundred times an hour") {
  Attempts attempts;
  int tries = 0;
  for (auto now = kNow; now < kNow + 1h; now += 1s)
    for (int i = 0; i < 3; ++i) {
      const auto from = at("address " + std::to_string(tries));
      if (attempts.wait("huong", from, now) > 0ms) continue;
      attempts.failed("huong", from, now);
      ++tries;
    }
  CHECK(tries > Attempts::kFreeOfUser);
  CHECK(tries < 100);
}

TEST_CASE("a known device of the user waits for nobody's guesses but its own") {
  Attempts attempts;
  for (int i = 0; i < 300; ++i) attempts.failed("huong", at("address " + std::to_string(i)), kNow);
  fail(attempts, "huong", at("a"), 60);
  CHECK(attempts.wait("huong", at("a"), kNow) > 0ms);
  CHECK(attempts.wait("huong", known("d"), kNow) == 0ms);
  fail(attempts, "huong", known("d"), Attempts::kFree);
  CHECK(attempts.wait("huong", known("d"), kNow) == 1s);
  CHECK(attempts.wait("huong", known("e"), kNow) == 0ms);
}

TEST_CASE("wrong codes after the right password wait longer, and no flood of names makes them forgotten") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeCodes + 12; ++i) attempts.wrong_code("huong", at("a"), kNow);
  CHECK(attempts.wait_for_code("huong", at("b"), kNow) == 1h);
  CHECK(attempts.wait_for_code("huong", known("d"), kNow) == 0ms);
  for (int i = 0; i < 4'000; ++i) attempts.failed("name " + std::to_string(i), at(std::to_string(i)), kNow + 1s);
  CHECK(attempts.wait_for_code("huong", at("b"), kNow + 1s) > 59min);
  attempts.right_code("huong", at("b"));
  CHECK(attempts.wait_for_code("huong", at("b"), kNow + 1s) == 0ms);
}

TEST_CASE("success and a quarter of an hour forget") {
  Attempts attempts;
  fail(attempts, "huong", at("a"), 8);
  attempts.succeeded("huong", at("a"));
  CHECK(attempts.wait("huong", at("a"), kNow) == 0ms);
  fail(attempts, "huong", at("a"), 8);
  CHECK(attempts.wait("huong", at("a"), kNow + 16min) == 0ms);
  fail(attempts, "huong", at("a"), 1, kNow + 16min);
  CHECK(attempts.wait("huong", at("a"), kNow + 16min) == 0ms);
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
