#include "protocol/link_connection.hpp"

#include <fmt/format.h>
#include <linux/sockios.h>
#include <mosquitto.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace loa::protocol {

namespace {

constexpr unsigned kProbes = 3;
constexpr std::chrono::seconds::rep kMostBetweenProbes = 10;
constexpr unsigned kInFlight = 64;  // unacknowledged at once on the wire; libmosquitto queues the rest

// Initialised once and never cleaned up: libmosquitto's global state outlives every link.
void initialise_library() {
  static const int once = mosquitto_lib_init();
  (void)once;
}

std::string describe(int rc) {
  return rc == MOSQ_ERR_ERRNO ? std::string(std::strerror(errno)) : std::string(mosquitto_strerror(rc));
}

}  // namespace

void LinkConnection::Free::operator()(mosquitto* client) const { mosquitto_destroy(client); }

LinkConnection::LinkConnection(const LinkSettings& settings, Events events)
    : settings_(settings), events_(std::move(events)) {
  initialise_library();
}

LinkConnection::~LinkConnection() = default;

std::optional<std::string> LinkConnection::begin(const BrokerAddress& address, const std::string& ip, const ConnectTerms& terms) {
  if (ip != address.host) server_name_ = address.host;
  const auto own = terms.credentials.value_or(LinkCredentials{settings_.certificate_pem, settings_.key_pem});
  context_ = make_client_context({terms.ca_pem.value_or(settings_.ca_pem), own.certificate_pem, own.key_pem}, address.host, terms.tls_time);
  SSL_CTX_set_app_data(context_.get(), this);
  SSL_CTX_set_info_callback(context_.get(), [](const SSL* ssl, int where, int alert) {
    if (where & SSL_CB_ALERT)
      self(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl))).alerted(ssl, (where & SSL_CB_READ) != 0, alert);
  });
  client_.reset(mosquitto_new(settings_.client_id.c_str(), true, this));
  if (!client_) return describe(errno == EINVAL ? MOSQ_ERR_INVAL : MOSQ_ERR_NOMEM);
  set_callbacks();
  mosquitto_int_option(client_.get(), MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V311);
  mosquitto_int_option(client_.get(), MOSQ_OPT_TCP_NODELAY, 1);
  mosquitto_int_option(client_.get(), MOSQ_OPT_SSL_CTX_WITH_DEFAULTS, 0);
  mosquitto_void_option(client_.get(), MOSQ_OPT_SSL_CTX, context_.get());
  mosquitto_max_inflight_messages_set(client_.get(), kInFlight);
  if (terms.will) {
    const LinkWill& will = *terms.will;
    const int rc = mosquitto_will_set(client_.get(), will.topic.c_str(), static_cast<int>(will.payload.size()),
                                      will.payload.data(), 1, will.retained);
    if (rc != MOSQ_ERR_SUCCESS) return "will: " + describe(rc);
  }
  const int rc = mosquitto_connect_async(client_.get(), ip.c_str(), address.port,
                                         static_cast<int>(settings_.keepalive.count()));
  return rc == MOSQ_ERR_SUCCESS || rc == MOSQ_ERR_CONN_PENDING ? std::nullopt : ended(rc);
}

short LinkConnection::interest() const {
  if (!secured_) {
    const auto* ssl = static_cast<const SSL*>(mosquitto_ssl_get(client_.get()));
    return ssl && SSL_want_read(ssl) ? POLLIN : POLLOUT;
  }
  return static_cast<short>(POLLIN | (mosquitto_want_write(client_.get()) ? POLLOUT : 0));
}

std::optional<std::string> LinkConnection::step(int wake, std::chrono::milliseconds limit) {
  pollfd files[2] = {{mosquitto_socket(client_.get()), interest(), 0}, {wake, POLLIN, 0}};
  if (files[0].fd < 0) return ended(MOSQ_ERR_CONN_LOST);
  if (poll(files, 2, static_cast<int>(limit.count())) < 0 && errno != EINTR) return ended(MOSQ_ERR_ERRNO);
  const short ready = files[0].revents;
  if (!secured_) return ready ? handshake(ready) : std::nullopt;
  int rc = MOSQ_ERR_SUCCESS;
  if (ready & (POLLIN | POLLHUP | POLLERR)) {
    rc = mosquitto_loop_read(client_.get(), 1);
    quiet_since_ = std::chrono::steady_clock::now();
  }
  if (rc == MOSQ_ERR_SUCCESS && mosquitto_socket(client_.get()) >= 0 && mosquitto_want_write(client_.get()))
    rc = mosquitto_loop_write(client_.get(), 1);
  if (rc == MOSQ_ERR_SUCCESS && mosquitto_socket(client_.get()) >= 0) rc = mosquitto_loop_misc(client_.get());
  if (!refused_.empty()) return "the broker refused the connection: " + refused_;
  if (rc != MOSQ_ERR_SUCCESS || mosquitto_socket(client_.get()) < 0) return ended(rc);
  limit_loss();
  if (hangs()) return "the broker takes what is published and does not answer";
  return std::nullopt;
}

// Its kernel has every byte of a publication, so the line works, and nothing has come back since.
bool LinkConnection::hangs() {
  const bool owes = !numbers_.empty() && !mosquitto_want_write(client_.get()) && on_the_way() == 0;
  const auto now = std::chrono::steady_clock::now();
  if (!owes) quiet_since_ = now;
  return now - quiet_since_ > settings_.unanswered_limit;
}

// Bytes that the far side's kernel has not acknowledged; -1 where nobody knows.
int LinkConnection::on_the_way() const {
  int bytes = 0;
  return ioctl(mosquitto_socket(client_.get()), SIOCOUTQ, &bytes) == 0 ? bytes : -1;
}

// Only while something is on its way: the kernel would take the same limit for its own probes, and one that is lost would then end the session.
void LinkConnection::limit_loss() {
  const bool wanted = on_the_way() != 0;
  if (wanted == loss_limited_) return;
  loss_limited_ = wanted;
  option(IPPROTO_TCP, TCP_USER_TIMEOUT, wanted ? static_cast<unsigned>(settings_.lost_limit.count()) : 0);
}

void LinkConnection::option(int level, int name, unsigned value) const {
  setsockopt(mosquitto_socket(client_.get()), level, name, &value, sizeof value);
}

void LinkConnection::probe(std::chrono::seconds idle) {
  if (idle == probe_) return;
  probe_ = idle;
  option(SOL_SOCKET, SO_KEEPALIVE, idle.count() > 0 ? 1 : 0);
  if (idle.count() <= 0) return;
  option(IPPROTO_TCP, TCP_KEEPINTVL, static_cast<unsigned>(std::clamp<std::chrono::seconds::rep>(idle.count() / 6, 1, kMostBetweenProbes)));
  option(IPPROTO_TCP, TCP_KEEPCNT, kProbes);
  option(IPPROTO_TCP, TCP_KEEPIDLE, static_cast<unsigned>(idle.count()));
}

// libmosquitto 2.0 completes a handshake only when it reads, and says little about one that fails: drive it here.
std::optional<std::string> LinkConnection::handshake(short ready) {
  if (ready & (POLLERR | POLLHUP)) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(mosquitto_socket(client_.get()), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return std::string(std::strerror(error));
  }
  sockaddr_storage peer{};
  socklen_t length = sizeof peer;
  reached_ = getpeername(mosquitto_socket(client_.get()), reinterpret_cast<sockaddr*>(&peer), &length) == 0;
  auto* ssl = static_cast<SSL*>(mosquitto_ssl_get(client_.get()));
  if (!ssl) return ended(MOSQ_ERR_TLS);
  if (!server_name_.empty()) SSL_set_tlsext_host_name(ssl, std::exchange(server_name_, {}).c_str());  // libmosquitto knows the IP address only
  ERR_clear_error();
  const int done = SSL_connect(ssl);
  if (done == 1) {
    secured_ = true;
    limit_loss();
    quiet_since_ = std::chrono::steady_clock::now();
    const int rc = mosquitto_loop_read(client_.get(), 1);  // lets it see that the handshake is over
    return rc == MOSQ_ERR_SUCCESS ? std::nullopt : ended(rc);
  }
  const int error = SSL_get_error(ssl, done);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return std::nullopt;
  if (!tls_alert_.empty()) return tls_alert_;
  const std::string what = take_ssl_error();
  return what.empty() ? std::string("connection refused, or closed during the TLS handshake") : "TLS handshake: " + what;
}

std::optional<std::string> LinkConnection::ended(int rc) {
  if (!tls_alert_.empty()) return tls_alert_;
  if (!last_error_.empty()) return last_error_;
  return rc == MOSQ_ERR_SUCCESS ? std::string("connection closed") : describe(rc);
}

// TLS 1.3 tells a refused client only after its handshake, where libmosquitto sees no more than an end of file.
void LinkConnection::alerted(const SSL* ssl, bool by_peer, int alert) {
  if ((alert >> 8) != SSL3_AL_FATAL) return;
  const long verified = SSL_get_verify_result(ssl);
  refused_for_dates_ = !by_peer && (verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID);
  if (!by_peer && verified != X509_V_OK)
    tls_alert_ = fmt::format("the broker's certificate is refused: {}", X509_verify_cert_error_string(verified));
  else
    tls_alert_ = fmt::format("TLS alert {} the broker: {}", by_peer ? "from" : "to", SSL_alert_desc_string_long(alert));
}

void LinkConnection::publish(std::uint64_t publication, const std::string& topic, const std::string& payload,
                             bool retained) {
  int mid = 0;
  const int rc = mosquitto_publish(client_.get(), &mid, topic.c_str(), static_cast<int>(payload.size()),
                                   payload.data(), 1, retained);
  if (numbers_.empty()) quiet_since_ = std::chrono::steady_clock::now();
  if (rc == MOSQ_ERR_SUCCESS)
    numbers_[mid] = publication;
  else
    spdlog::error("MQTT: cannot publish to {}: {}", topic, describe(rc));
}

void LinkConnection::subscribe(const std::vector<std::string>& filters) {
  std::vector<char*> texts;
  for (const auto& filter : filters) texts.push_back(const_cast<char*>(filter.c_str()));  // it only reads them
  const int rc = mosquitto_subscribe_multiple(client_.get(), nullptr, static_cast<int>(texts.size()), texts.data(), 1, 0, nullptr);
  if (rc != MOSQ_ERR_SUCCESS) spdlog::error("MQTT: cannot subscribe to {} and {} more: {}", filters.front(), filters.size() - 1, describe(rc));
}

void LinkConnection::unsubscribe(const std::string& filter) {
  const int rc = mosquitto_unsubscribe(client_.get(), nullptr, filter.c_str());
  if (rc != MOSQ_ERR_SUCCESS) spdlog::error("MQTT: cannot unsubscribe from {}: {}", filter, describe(rc));
}

void LinkConnection::farewell() { mosquitto_disconnect(client_.get()); }

void LinkConnection::received(const mosquitto_message& message) {
  const std::size_t size = std::strlen(message.topic) + static_cast<std::size_t>(std::max(message.payloadlen, 0));
  if (size > settings_.max_message_bytes) {
    spdlog::warn("MQTT: message of {} bytes to {} dropped, {} are allowed", size, message.topic,
                 settings_.max_message_bytes);
    return;
  }
  const auto* bytes = static_cast<const char*>(message.payload);
  events_.message({message.topic, std::string(bytes, bytes + message.payloadlen), message.retain, message.qos});
}

// C code calls these: an exception must not pass through it.
void LinkConnection::set_callbacks() {
  mosquitto_connect_callback_set(client_.get(), [](mosquitto*, void* object, int rc) {
    if (rc == 0)
      self(object).accepted_ = true;
    else
      self(object).refused_ = mosquitto_connack_string(rc);
  });
  mosquitto_message_callback_set(client_.get(), [](mosquitto*, void* object, const mosquitto_message* message) {
    try {
      self(object).received(*message);
    } catch (const std::exception& error) {
      spdlog::error("MQTT: message dropped: {}", error.what());
    }
  });
  mosquitto_publish_callback_set(client_.get(), [](mosquitto*, void* object, int mid) {
    try {
      LinkConnection& connection = self(object);
      const auto found = connection.numbers_.find(mid);
      if (found == connection.numbers_.end()) return;
      const std::uint64_t publication = found->second;
      connection.numbers_.erase(found);
      connection.events_.acknowledged(publication);
    } catch (const std::exception& error) {
      spdlog::error("MQTT: acknowledgement dropped: {}", error.what());
    }
  });
  mosquitto_log_callback_set(client_.get(), [](mosquitto*, void* object, int level, const char* text) {
    if (level == MOSQ_LOG_ERR) self(object).last_error_ = text;
  });
}

}  // namespace loa::protocol
