#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "node-firmware/agent.hpp"

namespace loa::node {

namespace {

constexpr auto kSayAgain = std::chrono::hours(24);

}  // namespace

std::string Agent::silence() const {
  const auto* plan = parts_.conductor.plan();
  if (!plan || lifecycle_.now() != Lifecycle::expired) return {};
  return fmt::format("plan_expired: plan {} ended at {}; silent until another comes", plan->revision, scheduler::to_rfc3339(plan->until));
}

// Far from every network the board's own log is all that tells why it is silent.
void Agent::say_silence() {
  const auto why = silence();
  if (why.empty()) {
    silence_said_.reset();
    return;
  }
  const auto now = parts_.clock.monotonic();
  if (silence_said_ && now < *silence_said_ + kSayAgain) return;
  silence_said_ = now;
  spdlog::warn("{}", why);
}

}  // namespace loa::node
