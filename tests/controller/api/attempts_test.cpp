#include <catch2/catch.hpp>

#include "controller/api/attempts.hpp"
#include "controller/api/passwords.hpp"

namespace loa::api {
namespace {

using namespace std::chrono_literals;
const scheduler::TimePoint kNow = scheduler::from_ms(1'000'000'000);

void fail(Attempts& attempts, const std::string& user, const std::string& address, int times, scheduler::TimePoint now = kNow) {
  for (int i = 0; i < times; ++i) attempts.failed(user, address, now);
}

}  // namespace

TEST_CASE("a few wrong passwords cost nothing, then each doubles the wait") {
  Attempts attempts;
  fail(attempts, "huong", "a", Attempts::kFree - 1);
  CHECK(attempts.wait("huong", "a", kNow) == 0ms);
  fail(attempts, "huong", "a", 1);
  CHECK(attempts.wait("huong", "a", kNow) == 1s);
  fail(attempts, "huong", "a", 2);
  CHECK(attempts.wait("huong", "a", kNow) == 4s);
  CHECK(attempts.wait("huong", "a", kNow + 3s) == 1s);
  CHECK(attempts.wait("huong", "a", kNow + 4s) == 0ms);
  fail(attempts, "huong", "a", 30);
  CHECK(attempts.wait("huong", "a", kNow) == 5min);
}

TEST_CASE("guessing from one address locks nobody out at another") {
  Attempts attempts;
  fail(attempts, "huong", "a", 40);
  CHECK(attempts.wait("huong", "b", kNow) == 0ms);
  CHECK(attempts.wait("lan", "a", kNow) == 0ms);
}

TEST_CASE("an address that fails for many users waits for all of them") {
  Attempts attempts;
  for (int i = 0; i < Attempts::kFreeOfAddress + 3; ++i) attempts.failed("user" + std::to_string(i), "a", kNow);
  CHECK(attempts.wait("new", "a", kNow) == 8s);
  CHECK(attempts.wait("new", "b", kNow) == 0ms);
}

TEST_CASE("success and a quarter of an hour forget") {
  Attempts attempts;
  fail(attempts, "huong", "a", 8);
  attempts.succeeded("huong", "a");
  CHECK(attempts.wait("huong", "a", kNow) == 0ms);
  fail(attempts, "huong", "a", 8);
  CHECK(attempts.wait("huong", "a", kNow + 16min) == 0ms);
  fail(attempts, "huong", "a", 1, kNow + 16min);
  CHECK(attempts.wait("huong", "a", kNow + 16min) == 0ms);
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
