#include "node-firmware/player_two.hpp"

#include <spdlog/spdlog.h>

#include <atomic>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <future>
#include <thread>

namespace loa::node {
namespace {

namespace asio = boost::asio;

constexpr int kMostWaiting = 256;

/// The second output and the thread that it lives on; shared with that thread, which may hang in a device.
struct Other {
  asio::io_context loop{1};
  asio::executor_work_guard<asio::io_context::executor_type> work = asio::make_work_guard(loop);
  std::unique_ptr<SecondOutput> output;
  std::atomic<int> waiting{0};
  std::atomic<bool> lost{false};  ///< it was not told of something
  std::promise<void> ended;
};

class PlayerOnTwo final : public Player {
 public:
  PlayerOnTwo(asio::any_io_executor executor, PlayerEvents events, const MakePlayer& main, const MakePlayer& second)
      : told_(std::move(events)) {
    other_->output = std::make_unique<SecondOutput>(other_->loop.get_executor(), second);
    auto own = told_;
    own.ended = [this](const TrackEnded& ended) {
      tell([ended](SecondOutput& output) { output.main_ended(ended); });
      told_.ended(ended);
    };
    main_ = main(executor, std::move(own));
    std::thread([other = other_] {
      other->loop.run();
      other->output.reset();
      other->ended.set_value();
    }).detach();
  }

  ~PlayerOnTwo() override {
    main_.reset();
    auto ended = other_->ended.get_future();
    other_->loop.stop();
    if (ended.wait_for(std::chrono::seconds(2)) != std::future_status::ready) spdlog::warn("line-out: its device hangs; it is left behind");
  }

  void prepare(const Track& track) override {
    main_->prepare(track);
    tell([track](SecondOutput& output) { output.prepare(track); });
  }
  void start_at(TrackId track, SteadyTime due) override {
    main_->start_at(track, due);
    tell([track, due, asked = std::chrono::steady_clock::now()](SecondOutput& output) { output.start_at(track, due, asked); });
  }
  void stop(TrackId track) override {
    main_->stop(track);
    tell([track](SecondOutput& output) { output.stop(track); });
  }
  void set_volume(TrackId track, int percent) override {
    main_->set_volume(track, percent);
    tell([track, percent](SecondOutput& output) { output.set_volume(track, percent); });
  }

 private:
  template <class Call>
  void tell(Call call) {
    if (other_->waiting >= kMostWaiting) {
      other_->lost = true;
      return;
    }
    ++other_->waiting;
    asio::post(other_->loop, [other = other_.get(), call = std::move(call)] {
      call(*other->output);
      if (--other->waiting == 0 && other->lost.exchange(false)) other->output->stop_all();
    });
  }

  PlayerEvents told_;
  std::shared_ptr<Other> other_ = std::make_shared<Other>();
  std::unique_ptr<Player> main_;
};

}  // namespace

std::unique_ptr<Player> make_player_on_two(asio::any_io_executor executor, PlayerEvents events, const MakePlayer& main, MakePlayer second) {
  return std::make_unique<PlayerOnTwo>(std::move(executor), std::move(events), main, second);
}

}  // namespace loa::node
