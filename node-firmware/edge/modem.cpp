#include "node-firmware/edge/modem.hpp"

#include <poll.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "node-firmware/edge/modem_reader.hpp"

namespace loa::node::edge {

namespace asio = boost::asio;

namespace {

constexpr const char* kName = "org.freedesktop.ModemManager1";
constexpr const char* kPath = "/org/freedesktop/ModemManager1";
constexpr int kMostAtOnce = 64;  // messages of a bus that does not stop talking, before others have their turn

bool is_no_bus(int error) { return error == -ENOENT || error == -ECONNREFUSED; }
std::string words(const char* what, int error) { return std::string(what) + ": " + std::strerror(-error); }

}  // namespace

class ModemQuestion::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::any_io_executor executor, std::function<void(ModemAnswer)> done)
      : executor_(executor), done_(std::move(done)), limit_(executor), socket_(executor) {}
  ~Impl() { hang_up(); }

  void ask(std::chrono::milliseconds limit) {
    limit_.expires_after(limit);
    limit_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error) self->end({{}, false, "no answer in time"});
    });
    try {
      bus_ = std::make_unique<SdBus>();
    } catch (const std::runtime_error& error) {
      return end({{}, true, error.what()});
    }
    if (const int opened = bus_->open_system(&connection_); opened < 0) return end({{}, is_no_bus(opened), words("no system bus", opened)});
    sd_bus_message* question = nullptr;
    int asked = bus_->new_call(connection_, &question, kName, kPath, "org.freedesktop.DBus.ObjectManager", "GetManagedObjects");
    if (asked >= 0) asked = bus_->set_auto_start(question, 0);
    if (asked >= 0) asked = bus_->call(connection_, &slot_, question, on_reply, this, static_cast<std::uint64_t>(std::chrono::microseconds(limit).count()));
    bus_->drop_message(question);
    if (asked < 0) return end({{}, false, words("the system bus takes no question", asked)});
    go_on();
  }

  /// The owner is gone: nothing is told any more.
  void forget() {
    done_ = nullptr;
    end({});
  }

 private:
  static int on_reply(sd_bus_message* message, void* self, sd_bus_error*) {
    static_cast<Impl*>(self)->take(message);
    return 0;
  }

  void take(sd_bus_message* message) {
    answer_.emplace();
    if (const auto* error = bus_->error(message)) {
      const std::string name = error->name ? error->name : "";
      answer_->absent = name.ends_with(".ServiceUnknown") || name.ends_with(".NameHasNoOwner");
      answer_->trouble = error->message ? error->message : name;
      return;
    }
    auto read = read_modems(*bus_, message);
    if (auto* why = std::get_if<std::string>(&read)) answer_->trouble = std::move(*why);
    else answer_->modems = std::move(std::get<std::vector<Modem>>(read));
  }

  void go_on() {
    for (int i = 0; i < kMostAtOnce; ++i) {
      const int done = bus_->process(connection_, nullptr);
      if (answer_) return end(std::move(*answer_));
      if (done < 0) return end({{}, is_no_bus(done), words("the system bus is gone", done)});
      if (done == 0) return wait();
    }
    asio::post(executor_, [self = shared_from_this()] {
      if (self->connection_) self->go_on();
    });
  }

  // sd-bus closes its socket itself, and may take another while it connects: what is waited for is a copy.
  void wait() {
    const int fd = bus_->fd(connection_);
    if (fd != watched_) {
      boost::system::error_code ignored;
      socket_.close(ignored);
      reading_ = writing_ = false;
      const int copy = fd < 0 ? -1 : ::dup(fd);
      if (copy < 0) return end({{}, false, "the system bus has no socket"});
      socket_.assign(copy, ignored);
      watched_ = fd;
    }
    const int events = bus_->events(connection_);
    if (events & POLLIN) wait_for(asio::posix::stream_descriptor::wait_read, reading_);
    if (events & POLLOUT) wait_for(asio::posix::stream_descriptor::wait_write, writing_);
  }

  void wait_for(asio::posix::stream_descriptor::wait_type type, bool& waiting) {
    if (std::exchange(waiting, true)) return;
    socket_.async_wait(type, [self = shared_from_this(), &waiting](const boost::system::error_code& error) {
      if (error || !self->connection_) return;
      waiting = false;
      self->go_on();
    });
  }

  void end(ModemAnswer answer) {
    hang_up();
    limit_.cancel();
    if (!done_) return;
    asio::post(executor_, [self = shared_from_this(), answer = std::move(answer)]() mutable {
      if (auto done = std::exchange(self->done_, nullptr)) done(std::move(answer));
    });
  }

  void hang_up() {
    boost::system::error_code ignored;
    socket_.close(ignored);
    if (!bus_) return;
    bus_->drop_slot(std::exchange(slot_, nullptr));
    bus_->close(std::exchange(connection_, nullptr));
  }

  asio::any_io_executor executor_;
  std::function<void(ModemAnswer)> done_;
  asio::steady_timer limit_;
  asio::posix::stream_descriptor socket_;
  int watched_ = -1;
  bool reading_ = false;
  bool writing_ = false;
  std::unique_ptr<SdBus> bus_;
  sd_bus* connection_ = nullptr;
  sd_bus_slot* slot_ = nullptr;
  std::optional<ModemAnswer> answer_;
};

ModemQuestion::ModemQuestion(asio::any_io_executor executor, std::chrono::milliseconds limit, std::function<void(ModemAnswer)> done)
    : impl_(std::make_shared<Impl>(std::move(executor), std::move(done))) {
  impl_->ask(limit);
}
ModemQuestion::~ModemQuestion() { impl_->forget(); }

bool has_modem_manager() {
  std::error_code none;
  return std::filesystem::exists(std::string("/usr/share/dbus-1/system-services/") + kName + ".service", none);
}

namespace {

class ModemWatch final : public SignalMeter {
 public:
  ModemWatch(asio::any_io_executor executor, std::function<void()> changed, ModemTimes times)
      : executor_(executor), changed_(std::move(changed)), times_(times), patience_(times.every), timer_(executor) {
    ask();
  }
  std::optional<int> percent() const override { return percent_; }

 private:
  void ask() {
    question_.emplace(executor_, times_.limit, [this](const ModemAnswer& answer) {
      take(answer);
      timer_.expires_after(patience_);
      timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) ask();
      });
    });
  }

  void take(const ModemAnswer& answer) {
    patience_ = answer.trouble.empty() ? times_.every : std::min(patience_ * 2, times_.longest);
    const auto trouble = answer.absent ? std::string() : answer.trouble;
    if (trouble != trouble_ && !trouble.empty()) spdlog::warn("modem: {}: {}", kName, trouble);
    trouble_ = trouble;
    const auto* best = strongest(answer.modems);
    const auto port = best ? best->port : std::string();
    if (best && (!percent_ || port != port_)) spdlog::info("modem {}: connected, signal {} %", port, *best->percent);
    if (!best && percent_) spdlog::info("modem {}: not connected any more", port_);
    port_ = port;
    const auto percent = best ? best->percent : std::nullopt;
    if (percent == percent_) return;
    percent_ = percent;
    changed_();
  }

  asio::any_io_executor executor_;
  std::function<void()> changed_;
  ModemTimes times_;
  std::chrono::milliseconds patience_;
  asio::steady_timer timer_;
  std::optional<ModemQuestion> question_;
  std::optional<int> percent_;
  std::string port_;     ///< whose signal it is
  std::string trouble_;  ///< as it was logged
};

}  // namespace

std::unique_ptr<SignalMeter> make_modem_watch(asio::any_io_executor executor, std::function<void()> changed, ModemTimes times) {
  return std::make_unique<ModemWatch>(std::move(executor), std::move(changed), times);
}

}  // namespace loa::node::edge
