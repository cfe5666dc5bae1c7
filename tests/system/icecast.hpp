#pragma once
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "tests/support/process.hpp"
#include "tests/support/test_tls.hpp"

namespace loa::tests {

/// A radio station: Icecast over TLS, fed with a tone of 1 kHz in Ogg/Opus by GStreamer.
class Icecast {
 public:
  /// Whether this machine has what it takes.
  static bool is_installed() { return ::access("/usr/bin/icecast2", X_OK) == 0 && ::access("/usr/bin/gst-launch-1.0", X_OK) == 0; }

  explicit Icecast(std::filesystem::path folder) : folder_(std::move(folder)) {
    std::filesystem::create_directories(folder_);
    write("ca.pem", tls_.ca_pem);
    write("server.pem", tls_.certificate_pem + tls_.key_pem);
    write("icecast.xml", settings());
    // As root it changes to an account of its own, which has to reach and fill this folder.
    for (auto path = folder_; path != path.root_path() && path != std::filesystem::temp_directory_path(); path = path.parent_path())
      std::filesystem::permissions(path, std::filesystem::perms::others_exec, std::filesystem::perm_options::add);
    std::filesystem::permissions(folder_, std::filesystem::perms::all);
    server_.emplace(std::vector<std::string>{"/usr/bin/icecast2", "-c", (folder_ / "icecast.xml").string()}, Process::Options{folder_, "icecast", {}, {}});
    begin();
  }

  /// The station goes on the air; its listeners find it at address().
  void begin() {
    source_.emplace(std::vector<std::string>{"/usr/bin/gst-launch-1.0", "-q", "audiotestsrc", "is-live=true", "freq=1000", "!",
                                             "audio/x-raw,rate=48000,channels=1", "!", "opusenc", "bitrate=24000", "!", "oggmux",
                                             "max-delay=100000000", "!", "shout2send", "ip=127.0.0.1", "port=" + std::to_string(sources_),
                                             "password=loa", "mount=/live"},
                    Process::Options{folder_, "source", {}, {}});
  }
  /// What feeds it dies.
  void die() { source_->kill(); }

  std::string address() const { return "https://localhost:" + std::to_string(listeners_) + "/live"; }
  std::filesystem::path ca_file() const { return folder_ / "ca.pem"; }

 private:
  void write(const char* name, const std::string& text) const { std::ofstream(folder_ / name) << text; }
  std::string settings() const {
    const auto path = folder_.string();
    const auto socket = [](std::uint16_t port, const char* more) {
      return "<listen-socket><port>" + std::to_string(port) + "</port><bind-address>127.0.0.1</bind-address>" + more + "</listen-socket>";
    };
    return "<icecast><limits><clients>10</clients><sources>2</sources></limits><authentication><source-password>loa</source-password>"
           "<admin-user>loa</admin-user><admin-password>loa</admin-password></authentication><hostname>localhost</hostname>" +
           socket(listeners_, "<ssl>1</ssl>") + socket(sources_, "") + "<paths><basedir>" + path + "</basedir><logdir>" + path +
           "</logdir><webroot>/usr/share/icecast2/web</webroot><adminroot>/usr/share/icecast2/admin</adminroot><ssl-certificate>" + path +
           "/server.pem</ssl-certificate></paths><logging><accesslog>access.log</accesslog><errorlog>error.log</errorlog><loglevel>3</loglevel>"
           "</logging><security><chroot>0</chroot><changeowner><user>icecast2</user><group>icecast</group></changeowner></security></icecast>";
  }

  std::filesystem::path folder_;
  TestTls tls_ = make_test_tls();
  std::uint16_t listeners_ = free_port(), sources_ = free_port();
  std::optional<Process> server_, source_;
};

}  // namespace loa::tests
