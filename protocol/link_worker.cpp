#include "protocol/link_worker.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

#include "protocol/address_faults.hpp"

namespace loa::protocol {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 10s;          // with a loop that does not answer, before saying so
constexpr auto kFarewell = 1000ms;       // for DISCONNECT to leave once everything else is done
constexpr auto kShortestTick = 250ms;

// Signals are for the loop's thread; a write to a closed socket must be an error, not SIGPIPE.
void block_signals() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
}

std::chrono::milliseconds until(std::chrono::steady_clock::time_point moment) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - std::chrono::steady_clock::now());
  return std::max(left, 0ms);
}

}  // namespace

LinkWorker::LinkWorker(LinkSettings settings, std::vector<AddressRound::Target> targets, Events events)
    : settings_(std::move(settings)),
      events_(std::move(events)),
      wake_fd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      addresses_(std::move(targets)),
      backoff_(settings_.backoff_base, settings_.backoff_cap, settings_.stable_after),
      random_(std::random_device{}()) {
  if (wake_fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
}

LinkWorker::~LinkWorker() {
  stop();
  ::close(wake_fd_);
}

void LinkWorker::start() {
  thread_ = std::thread([this] {
    block_signals();
    try {
      run();
    } catch (const std::exception& error) {
      spdlog::critical("MQTT: the link's thread ends: {}", error.what());
    }
    if (close_by()) events_.closed();
  });
}

void LinkWorker::answer_terms(std::uint64_t request, ConnectTerms terms) {
  const std::lock_guard lock(mutex_);
  if (request != request_) return;
  terms_ = std::move(terms);
  changed_.notify_all();
}

void LinkWorker::command(Command command) {
  {
    const std::lock_guard lock(mutex_);
    commands_.push_back(std::move(command));
  }
  wake();
}

void LinkWorker::watch(bool closely) {
  if (closely_.exchange(closely) != closely) wake();
}

void LinkWorker::handled() {
  const std::lock_guard lock(mutex_);
  --inbound_;
  changed_.notify_all();
}

void LinkWorker::close(std::chrono::milliseconds limit) {
  {
    const std::lock_guard lock(mutex_);
    close_by_ = Steady::now() + limit;
    changed_.notify_all();
  }
  wake();
}

void LinkWorker::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  wake();
  if (thread_.joinable()) thread_.join();
}

void LinkWorker::run() {
  while (auto terms = ask()) {
    session_ = 0;
    if (std::exchange(refused_for_dates_, false) && terms->dates_may_mislead) terms->tls_time.reset();
    const auto begun = Steady::now();
    std::string reason;
    try {
      reason = attempt(*terms, target());
    } catch (const std::exception& error) {
      reason = error.what();
    }
    const auto lasted = std::chrono::duration_cast<std::chrono::milliseconds>(Steady::now() - begun);
    if (session_ != 0) backoff_.session_lasted(lasted);
    // A broker that is refused for its dates alone is asked once more, without them: another may not be there.
    refused_for_dates_ = refused_for_dates_ && terms->dates_may_mislead;
    if (refused_for_dates_) reason += "; the clock may be wrong: trying without dates";
    if (!refused_for_dates_ && (session_ == 0 || lasted < settings_.stable_after)) go_on();
    events_.disconnected(session_, reason);
    wait_before_next_attempt();
  }
}

std::optional<ConnectTerms> LinkWorker::ask() {
  std::unique_lock lock(mutex_);
  if (ending()) return std::nullopt;
  terms_.reset();
  const std::uint64_t request = ++request_;
  lock.unlock();
  events_.ask_terms(request);
  lock.lock();
  while (!changed_.wait_for(lock, kPatience, [this] { return ending() || terms_; }))
    spdlog::warn("MQTT: the loop has not said for 10 s how to connect");
  return ending() ? std::nullopt : std::move(terms_);
}

void LinkWorker::set_addresses(std::vector<AddressRound::Target> targets) {
  const std::lock_guard lock(mutex_);
  addresses_.set(std::move(targets));
}

AddressRound::Target LinkWorker::target() {
  const std::lock_guard lock(mutex_);
  return addresses_.present();
}

void LinkWorker::go_on() {
  const std::lock_guard lock(mutex_);
  addresses_.go_on();
}

// libmosquitto would take the first of the host's addresses and wait for it alone, where IPv6 leads nowhere for ever.
std::string LinkWorker::attempt(const ConnectTerms& terms, const AddressRound::Target& target) {
  const auto connected_by = Steady::now() + settings_.connect_limit;
  const auto addresses = settings_.resolve(target.address.host);
  AddressFaults faults;
  for (std::size_t i = 0;; ++i) {
    LinkConnection connection(settings_, {[this](LinkMessage message) { hand_over(std::move(message)); },
                                          [this](std::uint64_t publication) { events_.acknowledged(session_, publication); }});
    const auto share = (connected_by - Steady::now()) / static_cast<int>(addresses.size() - i);
    if (const auto failed = connect(connection, terms, target, addresses[i], Steady::now() + share, connected_by)) {
      if (must_stop() || close_by()) return "closed";
      faults.add(addresses[i], *failed);
      if (connection.reached() || i + 1 == addresses.size()) return target.text + ": " + faults.text();
      continue;
    }
    session_ = ++sessions_;
    events_.connected({session_, target.text});
    while (true)
      if (auto reason = serve(connection)) return target.text + ": " + *reason;
  }
}

std::optional<std::string> LinkWorker::connect(LinkConnection& connection, const ConnectTerms& terms, const AddressRound::Target& target, const std::string& ip,
                                               Steady::time_point reached_by, Steady::time_point connected_by) {
  auto failed = connection.begin(target.address, ip, terms);
  refused_for_dates_ = connection.refused_for_dates();  // near brokers are through with the handshake already
  if (failed) return failed;
  while (!connection.accepted()) {
    if (must_stop() || close_by()) return "closed";
    const auto by = connection.reached() ? connected_by : reached_by;
    if (Steady::now() >= by) return "no answer in time";
    drain_wake();
    failed = connection.step(wake_fd_, until(by));
    refused_for_dates_ = connection.refused_for_dates();
    if (failed) return failed;
  }
  return std::nullopt;
}

// One turn of a session; returns why it is over, or nothing.
std::optional<std::string> LinkWorker::serve(LinkConnection& connection) {
  if (must_stop()) return "closed";
  drain_wake();
  if (carry_out(connection)) {
    say_farewell(connection);
    return "begun anew from this side";
  }
  const auto probe = closely_ ? settings_.probe_closely : settings_.probe;
  connection.probe(probe);
  std::chrono::milliseconds limit = std::max<std::chrono::milliseconds>(settings_.keepalive / 8, kShortestTick);
  if (probe.count() > 0) limit = std::min(limit, std::chrono::milliseconds(probe) / 2);
  if (connection.open() > 0) limit = std::min(limit, settings_.unanswered_limit / 4);
  if (const auto by = close_by()) {
    if (connection.open() == 0 || Steady::now() >= *by) {
      say_farewell(connection);
      return "closed";
    }
    limit = std::min(limit, until(*by));
  }
  return connection.step(wake_fd_, limit);
}

void LinkWorker::say_farewell(LinkConnection& connection) {
  connection.farewell();
  const auto gone_by = Steady::now() + kFarewell;
  while (Steady::now() < gone_by && !connection.step(wake_fd_, until(gone_by))) drain_wake();
}

// True: the session is to be begun anew.
bool LinkWorker::carry_out(LinkConnection& connection) {
  std::deque<Command> commands;
  {
    const std::lock_guard lock(mutex_);
    commands.swap(commands_);
  }
  for (const Command& command : commands) {
    if (command.session != session_) continue;
    switch (command.kind) {
      case Command::Kind::publish:
        connection.publish(command.publication, command.topic, command.payload, command.retained);
        break;
      case Command::Kind::subscribe: connection.subscribe(command.filters); break;
      case Command::Kind::unsubscribe: connection.unsubscribe(command.topic); break;
      case Command::Kind::renew: return true;
    }
  }
  return false;
}

// A full loop makes this wait, and with it the socket: the broker then holds what is to come.
void LinkWorker::hand_over(LinkMessage message) {
  {
    std::unique_lock lock(mutex_);
    while (!changed_.wait_for(lock, kPatience, [this] { return ending() || inbound_ < settings_.max_inbound; }))
      spdlog::warn("MQTT: {} messages wait for the loop", inbound_);
    if (ending()) return;
    ++inbound_;
  }
  events_.message(session_, std::move(message));
}

void LinkWorker::wait_before_next_attempt() {
  const double chance = std::uniform_real_distribution<double>(0, 1)(random_);
  const auto delay = backoff_.next(chance);
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, delay, [this] { return ending(); });
}

bool LinkWorker::must_stop() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::optional<LinkWorker::Steady::time_point> LinkWorker::close_by() {
  const std::lock_guard lock(mutex_);
  return close_by_;
}

void LinkWorker::wake() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = write(wake_fd_, &one, sizeof one);
}

void LinkWorker::drain_wake() {
  std::uint64_t count = 0;
  [[maybe_unused]] const auto got = read(wake_fd_, &count, sizeof count);
}

}  // namespace loa::protocol
