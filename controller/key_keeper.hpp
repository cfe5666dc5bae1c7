#pragma once
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "controller/authority/key_files.hpp"

namespace loa::controller {

/// Sees that another key set took its place in the controller's folder (`loa keys import`, on a controller that runs) and hands it on.
/// A lower number, or files that do not fit, change nothing and are trouble until they are gone. On the loop.
class KeyKeeper {
 public:
  using Keys = std::shared_ptr<const authority::ControllerKeys>;
  using Take = std::function<void(const Keys&)>;
  /// `held` is what was read from `folder` at the start.
  KeyKeeper(boost::asio::any_io_executor loop, std::filesystem::path folder, Keys held, Take take);

  /// Looks every `period`; zero: the caller calls look().
  void start(std::chrono::milliseconds period = std::chrono::seconds(1));
  void stop() { timer_.cancel(); }
  /// Looks once: reads the file only where it is another than at the last look.
  void look();

  const Keys& keys() const { return held_; }
  /// Why the files there are not what is signed with; empty where they are.
  const std::string& trouble() const { return trouble_; }

 private:
  void wait(std::chrono::milliseconds period);
  std::string stamp() const;
  void take();

  std::filesystem::path folder_;
  Keys held_;
  Take take_;
  std::string stamp_;
  std::string trouble_;
  boost::asio::steady_timer timer_;
};

}  // namespace loa::controller
