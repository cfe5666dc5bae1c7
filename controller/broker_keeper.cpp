#include "controller/broker_keeper.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include "controller/store/node_keys.hpp"
#include "controller/store/nodes.hpp"

namespace loa::controller {

namespace {

constexpr std::chrono::hours kLookEvery{24};
constexpr std::chrono::minutes kRetryAfter{1};

}  // namespace

BrokerKeeper::BrokerKeeper(store::Store& store, authority::CertificateAuthority& authority, authority::BrokerSettings settings,
                           std::filesystem::path folder)
    : store_(store), authority_(authority), settings_(std::move(settings)), folder_(std::move(folder)), timer_(store.loop()) {}

BrokerKeeper::Wanted BrokerKeeper::read(store::Session& session) const {
  Wanted wanted;
  for (const auto& node : store::list_live_nodes(session)) wanted.nodes.push_back(node.id);
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
  authority::write_broker_files(folder_, settings_, authority_, wanted.nodes, now);
}

void BrokerKeeper::write_first() {
  write_files(store_.run_sync([this](store::Session& session) { return read(session); }));
}

void BrokerKeeper::start() { look_daily(); }

void BrokerKeeper::nodes_changed() {
  again_ = true;
  if (writing_) return;
  writing_ = true;
  boost::asio::co_spawn(store_.loop(), write(), boost::asio::detached);
}

boost::asio::awaitable<void> BrokerKeeper::write() {
  while (again_) {
    again_ = false;
    try {
      auto look = [this](store::Session& session) { return read(session); };
      write_files(co_await store_.run(std::move(look)));
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
  if (!status.installed && !status.ready_sha256.empty()) return status.message;
  return misfits_.empty() ? "" : "certificates under serial numbers that are none cannot be revoked: " + misfits_;
}

}  // namespace loa::controller
