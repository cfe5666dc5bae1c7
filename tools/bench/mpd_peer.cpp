#include "mpd_peer.hpp"

#include <fmt/format.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <charconv>
#include <chrono>
#include <fstream>
#include <thread>

#include "tests/support/process.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::bench {

namespace asio = boost::asio;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kStartLimit{15};

}  // namespace

struct MpdPeer::Impl {
  Impl(const std::filesystem::path& clip, double length) : seconds(length) {
    std::filesystem::create_directory(folder / "music");
    std::filesystem::copy_file(clip, folder / "music/clip.opus");
    std::ofstream(folder / "mpd.conf") << fmt::format(
        "music_directory \"{0}/music\"\ndb_file \"{0}/db\"\nbind_to_address \"127.0.0.1\"\nport \"{1}\"\n"
        "audio_output {{\n type \"null\"\n name \"null\"\n sync \"yes\"\n}}\n",
        folder.path().string(), port);
    program = std::make_unique<tests::Process>(std::vector<std::string>{"mpd", "--no-daemon", "--stderr", (folder / "mpd.conf").string()},
                                               tests::Process::Options{folder.path(), "mpd", {}, {}});
    const auto give_up = std::chrono::steady_clock::now() + kStartLimit;
    boost::system::error_code refused = asio::error::not_connected;
    while (refused && std::chrono::steady_clock::now() < give_up && program->running()) {
      std::this_thread::sleep_for(100ms);
      socket = asio::ip::tcp::socket(loop);
      socket.connect({asio::ip::address_v4::loopback(), port}, refused);
    }
    if (refused) throw std::runtime_error("mpd does not answer:\n" + program->err());
    line();  // its greeting
  }
  std::string line() {
    const auto size = asio::read_until(socket, buffer, '\n');
    std::string text(asio::buffers_begin(buffer.data()), asio::buffers_begin(buffer.data()) + static_cast<std::ptrdiff_t>(size) - 1);
    buffer.consume(size);
    return text;
  }
  /// The answer's line that begins with `name`, without it.
  std::string ask(const std::string& command, const std::string& name = {}) {
    asio::write(socket, asio::buffer(command + "\n"));
    std::string found;
    for (auto text = line(); text != "OK"; text = line()) {
      if (text.starts_with("ACK")) throw std::runtime_error("mpd, asked for " + command + ": " + text);
      if (!name.empty() && text.starts_with(name + ": ")) found = text.substr(name.size() + 2);
    }
    return found;
  }

  tests::TempFolder folder;
  std::uint16_t port = tests::free_port();
  double seconds;
  std::unique_ptr<tests::Process> program;
  asio::io_context loop;
  asio::ip::tcp::socket socket{loop};
  asio::streambuf buffer;
};

MpdPeer::MpdPeer(const std::filesystem::path& clip, double seconds) : impl_(std::make_unique<Impl>(clip, seconds)) {}
MpdPeer::~MpdPeer() = default;

void MpdPeer::play(int plays, std::chrono::seconds limit, const std::function<void(int)>& look) {
  impl_->ask("update");
  for (const auto patience = std::chrono::steady_clock::now() + kStartLimit; !impl_->ask("status", "updating_db").empty();) {
    if (std::chrono::steady_clock::now() > patience) throw std::runtime_error("mpd does not finish reading its folder");
    std::this_thread::sleep_for(100ms);
  }
  impl_->ask("add \"clip.opus\"");
  impl_->ask("repeat 1");
  impl_->ask("play");
  const auto give_up = std::chrono::steady_clock::now() + limit;
  for (int done = 0; done < plays && std::chrono::steady_clock::now() < give_up;) {
    std::this_thread::sleep_for(1s);
    const auto text = impl_->ask("stats", "playtime");
    int heard = 0;  // seconds
    std::from_chars(text.data(), text.data() + text.size(), heard);
    done = static_cast<int>(heard / impl_->seconds);
    look(done);
  }
}

tests::ProcessMemory MpdPeer::memory() const { return tests::memory_of(impl_->program->pid()); }

}  // namespace loa::bench
