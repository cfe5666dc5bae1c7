#include "protocol/link_mosquitto.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <cassert>
#include <map>
#include <stdexcept>
#include <utility>

#include "protocol/link_worker.hpp"

namespace loa::protocol {

const char* name_of(PublishError error) {
  switch (error) {
    case PublishError::not_connected: return "not_connected";
    case PublishError::queue_full: return "queue_full";
    case PublishError::too_large: return "too_large";
  }
  return "";
}

namespace {

constexpr std::size_t kAtOnce = 32;  // filters in one packet

std::vector<AddressRound::Target> checked_addresses(const LinkSettings& settings) {
  if (settings.addresses.empty() || settings.addresses.size() > 3)
    throw std::invalid_argument("MQTT: one to three broker addresses are needed");
  for (const std::string& text : settings.addresses)
    if (const auto address = parse_broker_address(text); !address)
      throw std::invalid_argument("MQTT: " + address.error().where + ": " + address.error().message);
  auto targets = read_targets(settings.addresses);
  if (settings.client_id.empty()) throw std::invalid_argument("MQTT: no client id");
  make_client_context({settings.ca_pem, settings.certificate_pem, settings.key_pem}, targets[0].address.host, {});
  return targets;
}

}  // namespace

// State of the loop's side; everything here runs on the loop, the worker's events by way of post.
class MosquittoLink::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(boost::asio::any_io_executor loop, LinkSettings settings)
      : loop_(std::move(loop)),
        max_message_bytes_(settings.max_message_bytes),
        max_in_flight_(settings.max_in_flight),
        worker_(settings, checked_addresses(settings), worker_events()) {}

  void start(LinkHandlers handlers) {
    assert(!work_ && handlers.prepare_connect);
    handlers_ = std::move(handlers);
    work_.emplace(loop_);
    worker_.start();
  }

  bool connected() const { return session_ != 0 && !closing_; }

  boost::system::result<std::uint64_t, PublishError> publish(std::string topic, std::string payload, bool retained,
                                                             Published published) {
    if (!connected()) return PublishError::not_connected;
    if (topic.size() + payload.size() > max_message_bytes_) return PublishError::too_large;
    if (open_.size() >= max_in_flight_) return PublishError::queue_full;
    ask();
    const std::uint64_t id = ++last_publication_;
    open_.emplace(id, std::move(published));
    worker_.command({LinkWorker::Command::Kind::publish, session_, id, std::move(topic), std::move(payload), retained});
    return id;
  }

  void subscribe(std::string filter) {
    if (!connected()) return;
    if (asked_.empty()) post([](Impl& self) { self.ask(); });
    asked_.push_back(std::move(filter));
    if (asked_.size() == kAtOnce) ask();
  }

  void unsubscribe(std::string filter) {
    if (!connected()) return;
    ask();
    worker_.command({LinkWorker::Command::Kind::unsubscribe, session_, 0, std::move(filter), {}, false});
  }

  void renew() {
    if (connected()) worker_.command({LinkWorker::Command::Kind::renew, session_, 0, {}, {}, false});
  }

  void watch(bool closely) { worker_.watch(closely); }

  void set_addresses(const std::vector<std::string>& addresses) { worker_.set_addresses(read_targets(addresses)); }

  void close(std::chrono::milliseconds limit, std::function<void()> closed) {
    assert(!closing_);
    closing_ = true;
    closed_ = std::move(closed);
    if (work_)
      worker_.close(limit);
    else
      post([](Impl& self) { self.on_closed(); });
  }

  // Handlers stay alive until the last posted event has gone: this may run inside one of them.
  void shut_down() {
    dead_ = true;
    worker_.stop();
    work_.reset();
  }

 private:
  /// What was asked for since the last turn of the loop goes out before anything that follows it: alone each filter would cost more for its packets
  /// than for its words.
  void ask() {
    if (!asked_.empty()) worker_.command({LinkWorker::Command::Kind::subscribe, session_, 0, {}, {}, false, std::exchange(asked_, {})});
  }

  template <class Do>
  void post(Do what) {
    boost::asio::post(loop_, [weak = weak_from_this(), what = std::move(what)]() mutable {
      const auto self = weak.lock();
      if (self && !self->dead_) what(*self);
    });
  }

  LinkWorker::Events worker_events() {
    return {
        [this](std::uint64_t request) { post([request](Impl& self) { self.on_ask(request); }); },
        [this](LinkSession session) {
          post([session = std::move(session)](Impl& self) { self.on_connected(session); });
        },
        [this](std::uint64_t session, std::string reason) {
          post([session, reason = std::move(reason)](Impl& self) { self.on_disconnected(session, reason); });
        },
        [this](std::uint64_t session, LinkMessage message) {
          post([session, message = std::move(message)](Impl& self) { self.on_message(session, message); });
        },
        [this](std::uint64_t session, std::uint64_t publication) {
          post([session, publication](Impl& self) { self.on_acknowledged(session, publication); });
        },
        [this] { post([](Impl& self) { self.on_closed(); }); },
    };
  }

  void on_ask(std::uint64_t request) {
    if (!closing_) worker_.answer_terms(request, handlers_.prepare_connect());
  }

  void on_connected(const LinkSession& session) {
    session_ = session.number;
    if (!closing_ && handlers_.connected) handlers_.connected(session);
  }

  void on_disconnected(std::uint64_t session, const std::string& reason) {
    if (session != 0 && session == session_) session_ = 0;
    asked_.clear();
    lose_open();
    if (!closing_ && !dead_ && handlers_.disconnected) handlers_.disconnected(reason);
  }

  void on_message(std::uint64_t session, const LinkMessage& message) {
    worker_.handled();
    if (session == session_ && !closing_ && handlers_.message) handlers_.message(message);
  }

  void on_acknowledged(std::uint64_t session, std::uint64_t publication) {
    const auto found = open_.find(publication);
    if (session != session_ || found == open_.end()) return;
    const Published published = std::move(found->second);
    open_.erase(found);
    if (published) published(PublishOutcome::acknowledged);
  }

  void on_closed() {
    lose_open();
    work_.reset();
    if (closed_) std::exchange(closed_, {})();
  }

  void lose_open() {
    std::map<std::uint64_t, Published> open;
    open.swap(open_);
    for (const auto& [id, published] : open)
      if (published) published(PublishOutcome::lost);
  }

  boost::asio::any_io_executor loop_;
  std::size_t max_message_bytes_;
  std::size_t max_in_flight_;
  std::optional<boost::asio::executor_work_guard<boost::asio::any_io_executor>> work_;  // from start to closed
  LinkHandlers handlers_;
  std::function<void()> closed_;
  std::map<std::uint64_t, Published> open_;
  std::vector<std::string> asked_;  // filters of the present turn of the loop
  std::uint64_t session_ = 0;
  std::uint64_t last_publication_ = 0;
  bool closing_ = false;
  bool dead_ = false;
  LinkWorker worker_;
};

MosquittoLink::MosquittoLink(boost::asio::any_io_executor loop, LinkSettings settings)
    : impl_(std::make_shared<Impl>(std::move(loop), std::move(settings))) {}

MosquittoLink::~MosquittoLink() { impl_->shut_down(); }

void MosquittoLink::start(LinkHandlers handlers) { impl_->start(std::move(handlers)); }

bool MosquittoLink::connected() const { return impl_->connected(); }

boost::system::result<std::uint64_t, PublishError> MosquittoLink::publish(std::string topic, std::string payload,
                                                                          bool retained, Published published) {
  return impl_->publish(std::move(topic), std::move(payload), retained, std::move(published));
}

void MosquittoLink::subscribe(std::string filter) {
  impl_->subscribe(std::move(filter));
}

void MosquittoLink::unsubscribe(std::string filter) {
  impl_->unsubscribe(std::move(filter));
}

void MosquittoLink::renew() { impl_->renew(); }

void MosquittoLink::watch(bool closely) { impl_->watch(closely); }

void MosquittoLink::set_addresses(std::vector<std::string> addresses) { impl_->set_addresses(addresses); }

void MosquittoLink::close(std::chrono::milliseconds limit, std::function<void()> closed) {
  impl_->close(limit, std::move(closed));
}

}  // namespace loa::protocol
