#include "controller/broker_keeper.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/recovery_hold.hpp"
#include "protocol/hash.hpp"

namespace loa::controller {

namespace {

constexpr std::chrono::hours kLookEvery{24};
constexpr std::chrono::minutes kRetryAfter{1};
constexpr std::chrono::milliseconds kLookWhetherLive{50};

}  // namespace

BrokerKeeper::BrokerKeeper(store::Store& store, authority::CertificateAuthority& authority, authority::BrokerSettings settings,
                           std::filesystem::path folder)
    : store_(store), authority_(authority), settings_(std::move(settings)), folder_(std::move(folder)), timer_(store.loop()) {}

BrokerKeeper::Wanted BrokerKeeper::read(store::Session& session) const {
  Wanted wanted;
  for (const auto& node : store::list_live_nodes(session)) wanted.nodes.push_back(node.id);
  wanted.on_hold = store::find_recovery_hold(session).has_value();
  wanted.ended_serials = store::list_ended_serials(session, store_.clock().now());
  return wanted;
}

void BrokerKeeper::write_files(const Wanted& wanted) {
  const auto now = store_.clock().now();
  // What no certificate can bear must not keep the others off the list.
  std::vector<std::string> serials;
  misfits_.clear();
  for (const auto& serial : wanted.ended_serials)
    if (authority::is_serial(serial))
      serials.push_back(serial);
    else
      misfits_ += (misfits_.empty() ? "" : ", ") + serial.substr(0, 50);
  if (!misfits_.empty()) spdlog::error("the store has keys under serial numbers that are none, which cannot be revoked: {}", misfits_);
  authority_.revoke(serials, now);
  const auto foreign = authority::find_foreign(authority_, {settings_.live_folder, folder_}, wanted.on_hold, now);
  authority::write_broker_files(folder_, settings_, authority_, wanted.nodes, now, foreign);
  ready_sha256_ = protocol::sha256_hex_of_file(folder_ / authority::kReadyFile);
  if (!behind_since_) behind_since_ = now;
}

// One set may follow another for hours while nobody takes any, so it is not the age of the newest that counts.
bool BrokerKeeper::look_whether_live(const authority::BrokerStatus& status) const {
  const auto now = store_.clock().now();
  const bool live = status.installed && status.ready_sha256 == ready_sha256_;
  if (live)
    behind_since_.reset();
  else if (!behind_since_ || *behind_since_ > now)
    behind_since_ = now;
  return live;
}

void BrokerKeeper::write_first() {
  write_files(store_.run_sync([this](store::Session& session) { return read(session); }));
}

void BrokerKeeper::start() { look_daily(); }

void BrokerKeeper::nodes_changed() {
  again_ = true;
  ++changes_;
  if (writing_) return;
  writing_ = true;
  boost::asio::co_spawn(store_.loop(), write(), boost::asio::detached);
}

boost::asio::awaitable<void> BrokerKeeper::write() {
  while (again_) {
    again_ = false;
    const auto told_of = changes_;
    try {
      auto look = [this](store::Session& session) { return read(session); };
      write_files(co_await store_.run(std::move(look)));
      written_ = told_of;
      trouble_.clear();
    } catch (const std::exception& error) {
      trouble_ = error.what();
      spdlog::error("the broker's files could not be written: {}", error.what());
    }
  }
  writing_ = false;
  timer_.cancel();  // trouble is tried again after a minute, not a day
  look_daily();
}

void BrokerKeeper::look_daily() {
  timer_.expires_after(trouble_.empty() ? std::chrono::minutes(kLookEvery) : kRetryAfter);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) nodes_changed();
  });
}

std::string BrokerKeeper::trouble() const {
  if (!trouble_.empty()) return trouble_;
  const auto status = authority::read_broker_status(settings_.live_folder);
  const bool live = look_whether_live(status);
  if (!status.installed && !status.ready_sha256.empty()) return status.message;
  if (!live && store_.clock().now() - *behind_since_ >= kPatience)
    return fmt::format("loa-broker-reload has not put in place what was written since {}: does it run? Until it has, the broker knows of no node and no revocation since",
                       scheduler::to_rfc3339(*behind_since_));
  return misfits_.empty() ? "" : "certificates under serial numbers that are none cannot be revoked: " + misfits_;
}

boost::asio::awaitable<std::string> BrokerKeeper::went_live(std::chrono::milliseconds limit) const {
  const auto wanted = changes_;
  const auto until = std::chrono::steady_clock::now() + limit;
  boost::asio::steady_timer look(store_.loop());
  while (written_ < wanted || !look_whether_live(authority::read_broker_status(settings_.live_folder))) {
    if (std::chrono::steady_clock::now() >= until) {
      const auto known = trouble();
      co_return known.empty() ? fmt::format("loa-broker-reload has not put the new files in place within {} s", limit.count() / 1000.0) : known;
    }
    look.expires_after(kLookWhetherLive);
    co_await look.async_wait(boost::asio::use_awaitable);
  }
  co_return std::string();
}

}  // namespace loa::controller
