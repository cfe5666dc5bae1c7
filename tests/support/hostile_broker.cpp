#include "tests/support/hostile_broker.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <thread>

namespace loa::tests {

namespace asio = boost::asio;
using asio::ip::tcp;
using Stream = asio::ssl::stream<tcp::socket>;

namespace {

constexpr std::size_t kLargestPacket = std::size_t{4} << 20;
constexpr int kPublish = 3, kPuback = 4;

struct Packet {
  unsigned char first = 0;  ///< type and flags
  std::string body;
  int type() const { return first >> 4; }
};

std::string framed(unsigned char first, const std::string& body) {
  std::string out(1, static_cast<char>(first));
  std::size_t left = body.size();
  do {
    auto digit = static_cast<unsigned char>(left % 128);
    left /= 128;
    if (left > 0) digit |= 128;
    out.push_back(static_cast<char>(digit));
  } while (left > 0);
  return out + body;
}

std::string as_packet(const Publication& one) {
  std::string body;
  body.push_back(static_cast<char>(one.topic.size() >> 8));
  body.push_back(static_cast<char>(one.topic.size() & 255));
  return framed(static_cast<unsigned char>(kPublish << 4 | (one.retained ? 1 : 0)), body + one.topic + one.payload);
}

struct Parsed {
  Publication publication;
  std::string id;  ///< packet id, empty at QoS 0
};

Parsed parsed(const Packet& packet) {
  Parsed out;
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(packet.body.at(i)); };
  const std::size_t length = std::size_t{at(0)} << 8 | at(1);
  const bool acknowledged = (packet.first >> 1 & 3) != 0;
  out.publication.topic = packet.body.substr(2, length);
  if (acknowledged) out.id = packet.body.substr(2 + length, 2);
  out.publication.payload = packet.body.substr(2 + length + out.id.size());
  out.publication.retained = (packet.first & 1) != 0;
  return out;
}

/// A stream to which several may write: in order, one after another.
class Mouth {
 public:
  explicit Mouth(Stream& stream) : stream_(stream) {}
  void say(std::string bytes, std::shared_ptr<void> keep) {
    waiting_.push_back(std::move(bytes));
    if (waiting_.size() == 1) next(std::move(keep));
  }

 private:
  void next(std::shared_ptr<void> keep) {
    asio::async_write(stream_, asio::buffer(waiting_.front()), [this, keep](boost::system::error_code error, std::size_t) {
      waiting_.pop_front();
      if (error) waiting_.clear();
      if (!waiting_.empty()) next(keep);
    });
  }
  Stream& stream_;
  std::deque<std::string> waiting_;
};

std::string common_name(Stream& stream) {
  X509* peer = SSL_get1_peer_certificate(stream.native_handle());
  if (!peer) return {};
  char name[128] = "";
  X509_NAME_get_text_by_NID(X509_get_subject_name(peer), NID_commonName, name, sizeof name);
  X509_free(peer);
  return name;
}

}  // namespace

struct HostileBroker::Parts {
  struct Session : std::enable_shared_from_this<Session> {
    Session(Parts& owner, tcp::socket socket)
        : parts(owner), below(std::move(socket), owner.server), client(asio::ssl::context::tls_client) {}

    asio::awaitable<void> run() {
      const auto self = shared_from_this();
      try {
        co_await below.async_handshake(Stream::server, asio::use_awaitable);
        node = common_name(below);
        const auto identity = parts.settings.identity(node);
        client.use_certificate_chain(asio::buffer(identity.certificate_pem));
        client.use_private_key(asio::buffer(identity.key_pem), asio::ssl::context::pem);
        above.emplace(parts.loop, client);
        up.emplace(*above);
        co_await above->lowest_layer().async_connect({asio::ip::address_v4::loopback(), parts.settings.broker_port}, asio::use_awaitable);
        co_await above->async_handshake(Stream::client, asio::use_awaitable);
        parts.begun(self);
        asio::co_spawn(parts.loop, upward(), asio::detached);
        for (;;) take(co_await read_packet());
      } catch (const std::exception&) {
        close();
      }
    }

    asio::awaitable<void> upward() {
      const auto self = shared_from_this();
      std::string buffer(16384, '\0');
      try {
        for (;;) {
          const auto size = co_await below.async_read_some(asio::buffer(buffer), asio::use_awaitable);
          up->say(buffer.substr(0, size), self);
        }
      } catch (const std::exception&) {
        close();
      }
    }

    asio::awaitable<Packet> read_packet() {
      Packet packet;
      unsigned char byte = 0;
      co_await asio::async_read(*above, asio::buffer(&packet.first, 1), asio::use_awaitable);
      std::size_t length = 0;
      int shift = 0;
      do {
        co_await asio::async_read(*above, asio::buffer(&byte, 1), asio::use_awaitable);
        length |= std::size_t{byte & 127u} << shift;
        shift += 7;
      } while ((byte & 128) != 0 && shift < 28);
      if (length > kLargestPacket) throw std::runtime_error("too large a packet");
      packet.body.resize(length);
      co_await asio::async_read(*above, asio::buffer(packet.body), asio::use_awaitable);
      co_return packet;
    }

    void take(Packet packet) {
      if (packet.type() != kPublish) return down.say(framed(packet.first, packet.body), shared_from_this());
      const auto one = parsed(packet);
      // It acknowledges for the node, so that what it swallows does not come again.
      if (!one.id.empty()) up->say(framed(kPuback << 4, one.id), shared_from_this());
      for (const auto& other : parts.judge(node, one.publication)) down.say(as_packet(other), shared_from_this());
    }

    void close() {
      boost::system::error_code ignored;
      below.lowest_layer().close(ignored);
      if (above) above->lowest_layer().close(ignored);
      parts.ended(this);
    }

    Parts& parts;
    std::string node;
    Stream below;
    asio::ssl::context client;
    std::optional<Stream> above;  // once its certificate is known
    Mouth down{below};
    std::optional<Mouth> up;
  };

  explicit Parts(Settings with)
      : settings(std::move(with)), server(asio::ssl::context::tls_server),
        acceptor(loop, {asio::ip::address_v4::loopback(), settings.port}) {
    server.use_certificate_chain(asio::buffer(settings.certificate_pem));
    server.use_private_key(asio::buffer(settings.key_pem), asio::ssl::context::pem);
    // It asks for a certificate to learn who comes, and lets everybody in.
    server.set_verify_mode(asio::ssl::verify_peer);
    server.set_verify_callback([](bool, asio::ssl::verify_context&) { return true; });
    asio::co_spawn(loop, accept(), asio::detached);
    thread = std::thread([this] { loop.run(); });
  }
  ~Parts() {
    loop.stop();
    thread.join();
  }

  asio::awaitable<void> accept() {
    for (;;) {
      auto socket = co_await acceptor.async_accept(asio::use_awaitable);
      const auto session = std::make_shared<Session>(*this, std::move(socket));
      asio::co_spawn(loop, session->run(), asio::detached);
    }
  }

  void begun(const std::shared_ptr<Session>& session) {
    const std::lock_guard lock(mutex);
    live[session->node] = session;
    ++begun_by[session->node];
  }
  void ended(const Session* session) {
    const std::lock_guard lock(mutex);
    const auto one = live.find(session->node);
    if (one != live.end() && one->second.lock().get() == session) live.erase(one);
  }
  std::vector<Publication> judge(const std::string& node, const Publication& one) {
    Rule now;
    {
      const std::lock_guard lock(mutex);
      heard_by[node].push_back(one);
      now = rule;
    }
    return now ? now(node, one) : std::vector{one};
  }
  std::shared_ptr<Session> find(const std::string& node) {
    const std::lock_guard lock(mutex);
    const auto one = live.find(node);
    return one == live.end() ? nullptr : one->second.lock();
  }

  Settings settings;
  asio::io_context loop{1};
  asio::ssl::context server;
  tcp::acceptor acceptor;
  std::mutex mutex;
  Rule rule;
  std::map<std::string, std::weak_ptr<Session>> live;
  std::map<std::string, int> begun_by;
  std::map<std::string, std::vector<Publication>> heard_by;
  std::thread thread;
};

HostileBroker::HostileBroker(Settings settings) : parts_(std::make_unique<Parts>(std::move(settings))) {}
HostileBroker::~HostileBroker() = default;

void HostileBroker::obey(Rule rule) {
  const std::lock_guard lock(parts_->mutex);
  parts_->rule = std::move(rule);
}

bool HostileBroker::say(const std::string& node, const Publication& one) {
  const auto session = parts_->find(node);
  if (!session) return false;
  asio::post(parts_->loop, [session, bytes = as_packet(one)] { session->down.say(bytes, session); });
  return true;
}

void HostileBroker::cut(const std::string& node) {
  if (const auto session = parts_->find(node)) asio::post(parts_->loop, [session] { session->close(); });
}

std::vector<Publication> HostileBroker::heard(const std::string& node, const std::string& part) const {
  const std::lock_guard lock(parts_->mutex);
  std::vector<Publication> some;
  if (const auto all = parts_->heard_by.find(node); all != parts_->heard_by.end())
    for (const auto& one : all->second)
      if (one.topic.find(part) != std::string::npos) some.push_back(one);
  return some;
}

int HostileBroker::sessions(const std::string& node) const {
  const std::lock_guard lock(parts_->mutex);
  const auto begun = parts_->begun_by.find(node);
  return begun == parts_->begun_by.end() ? 0 : begun->second;
}

}  // namespace loa::tests
