#include <curl/curl.h>
#include <fmt/format.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <cstring>
#include <set>

#include "node-firmware/check_probes.hpp"
#include "node-firmware/check_tls.hpp"
#include "node-firmware/clip_shelf.hpp"
#include "protocol/limits.hpp"
#include "protocol/link_address.hpp"
#include "protocol/link_mosquitto.hpp"
#include "protocol/link_resolve.hpp"
#include "protocol/topics.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using scheduler::Millis;

namespace {

constexpr auto kConnect = 5s;      // for one broker
constexpr auto kKeySet = 4s;       // for what the broker retains to come
constexpr auto kHeadAge = 65min;   // the controller answers each state, and there is one every half hour

std::string joined(const std::vector<std::string>& words, const char* between = "; ") {
  return fmt::format("{}", fmt::join(words, between));
}

std::string host_of_url(const std::string& url) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), curl_url_cleanup);
  char* host = nullptr;
  if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK) return "";
  if (curl_url_get(parsed.get(), CURLUPART_HOST, &host, 0) != CURLUE_OK) return "";
  std::string name(host);
  curl_free(host);
  if (name.size() > 2 && name.front() == '[') name = name.substr(1, name.size() - 2);
  return name;
}

protocol::TlsIdentity identity_of(const Standing& standing) {
  return {standing.authorities(), standing.keys().speaking().certificate_pem, standing.keys().speaking().tls_key_pem};
}

std::optional<scheduler::TimePoint> tls_time(const Standing& standing) {
  if (!standing.clock().trusted()) return std::nullopt;
  return standing.clock().now();
}

/// One session as this node, as short as it can be: enough to see that the broker takes it and lets it read. Nothing is published, and no will is left.
Finding short_session(Standing& standing) {
  boost::asio::io_context loop;
  protocol::LinkSettings settings;
  settings.addresses = standing.brokers();
  settings.client_id = standing.identity().bundle.node;
  settings.ca_pem = standing.authorities();
  settings.certificate_pem = standing.keys().speaking().certificate_pem;
  settings.key_pem = standing.keys().speaking().tls_key_pem;
  settings.max_message_bytes = protocol::kMaxPlanSigned + 256;
  settings.connect_limit = kConnect;
  settings.backoff_base = settings.backoff_cap = 10ms;
  std::vector<std::string> refused;
  std::string connected, answer;
  bool spoken = false;
  protocol::MosquittoLink link(loop.get_executor(), settings);
  protocol::LinkHandlers handlers;
  handlers.prepare_connect = [&] {
    protocol::ConnectTerms terms;
    terms.tls_time = tls_time(standing);
    terms.dates_may_mislead = true;
    return terms;
  };
  handlers.connected = [&](const protocol::LinkSession& session) {
    connected = session.address;
    link.subscribe(protocol::keys_topic());
  };
  handlers.disconnected = [&](const std::string& reason) { refused.push_back(reason); };
  handlers.message = [&](const protocol::LinkMessage& message) {
    if (message.topic != protocol::keys_topic()) return;
    spoken = true;
    auto ring = standing.ring();
    const auto taken = ring.take(message.payload);
    if (!taken && taken.error().code != protocol::RefusalCode::old_revision) answer = taken.error().message;
  };
  link.start(std::move(handlers));
  const auto work = boost::asio::make_work_guard(loop);
  const auto run = [&loop](std::chrono::steady_clock::time_point end, const auto& done) {
    while (!done() && loop.run_one_until(end) > 0) {}
  };
  // Every address once, and once more where the first refusal may be the clock's fault.
  const auto tries = 2 * settings.addresses.size();
  run(std::chrono::steady_clock::now() + kConnect * settings.addresses.size(), [&] { return !connected.empty() || refused.size() >= tries; });
  if (connected.empty()) {
    // A broker that turns a certificate down may close before its reason is read; without the hurry of a session it is.
    std::set<std::string> once;
    for (const auto& address : settings.addresses)
      if (const auto fault = try_tls(address, identity_of(standing), tls_time(standing), 3s)) once.insert(address + ": " + *fault);
    if (once.empty()) once.insert(refused.begin(), refused.end());
    if (once.empty()) once.insert("no answer in time");
    const auto words = joined({once.begin(), once.end()});
    if (words.find("revoked") != std::string::npos)
      return {false, fmt::format("{}. This board was revoked, or its bundle was used before: ask for another with `loa node replace {}`", words,
                                 standing.identity().bundle.code)};
    return {false, words + ". Is the controller's machine on, its port open, and the SIM paid?"};
  }
  run(std::chrono::steady_clock::now() + kKeySet, [&] { return spoken || !refused.empty(); });
  bool closed = false;
  link.close(1s, [&] { closed = true; });
  run(std::chrono::steady_clock::now() + 2s, [&] { return closed; });
  if (!spoken)
    return {false, fmt::format("{} lets {} in and tells it nothing: the broker does not know this node's rights yet. Wait a minute and try again; "
                               "then look at the controller's alarms", connected, settings.client_id)};
  if (!answer.empty())
    return {false, fmt::format("{} holds keys that this node must not believe ({}): is this bundle of another controller?", connected, answer)};
  return {true, fmt::format("{} takes it as {}", connected, settings.client_id)};
}

Finding beside_the_running_node(Standing& standing) {
  std::vector<std::string> refused;
  for (const auto& address : standing.brokers()) {
    if (const auto fault = try_tls(address, identity_of(standing), tls_time(standing), kConnect)) {
      refused.push_back(address + ": " + *fault);
      continue;
    }
    const auto heard = standing.marks().last_head_issued();
    const auto age = standing.now() - heard;
    if (scheduler::to_ms(heard) == 0)
      return {false, fmt::format("{} is reached, but the node that runs here has not heard the controller yet: wait a minute and try again, "
                                 "then look at `journalctl -u loa-node`", address)};
    if (age > kHeadAge)
      return {false, fmt::format("{} is reached, but the node that runs here last heard the controller at {}: look at `journalctl -u loa-node`", address,
                                 scheduler::to_rfc3339(heard))};
    return {true, fmt::format("{}: certificate good both ways; the node that runs here last heard the controller {} min ago", address,
                              std::max<std::int64_t>(0, std::chrono::floor<std::chrono::minutes>(age).count()))};
  }
  return {false, joined(refused) + ". Is the controller's machine on, its port open, and the SIM paid?"};
}

struct Answer {
  CURLcode code = CURLE_OK;
  long status = 0;
  std::optional<std::time_t> date;
  std::chrono::steady_clock::duration took{};
  scheduler::TimePoint at;
};

CURLcode without_dates(CURL*, void* context, void*) {
  X509_VERIFY_PARAM_set_flags(SSL_CTX_get0_param(static_cast<SSL_CTX*>(context)), X509_V_FLAG_NO_CHECK_TIME);
  return CURLE_OK;
}

std::size_t on_header(char* data, std::size_t, std::size_t size, void* user) {
  const std::string line(data, size);
  if (size > 5 && strncasecmp(line.c_str(), "date:", 5) == 0)
    if (const auto date = curl_getdate(line.c_str() + 5, nullptr); date > 0) static_cast<Answer*>(user)->date = date;
  return size;
}

// The first byte of a body has come: it is not wanted, and neither are the next.
std::size_t enough(char*, std::size_t, std::size_t, void*) { return 0; }

Answer ask(const Standing& standing, const std::string& url) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> easy(curl_easy_init(), curl_easy_cleanup);
  const auto blob = [](const std::string& text) { return curl_blob{const_cast<char*>(text.data()), text.size(), CURL_BLOB_COPY}; };
  const auto ca = blob(standing.authorities());
  Answer answer;
  curl_easy_setopt(easy.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy.get(), CURLOPT_PROTOCOLS_STR, "https");
  curl_easy_setopt(easy.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(easy.get(), CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy.get(), CURLOPT_RANGE, "0-0");
  curl_easy_setopt(easy.get(), CURLOPT_USERAGENT, "loa-node/" LOA_VERSION);
  curl_easy_setopt(easy.get(), CURLOPT_TIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(kConnect).count()));
  curl_easy_setopt(easy.get(), CURLOPT_CAINFO_BLOB, &ca);
  curl_easy_setopt(easy.get(), CURLOPT_CAPATH, nullptr);
  curl_easy_setopt(easy.get(), CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
  // Wrong dates are the clock's line to tell: the node itself goes on without them.
  curl_easy_setopt(easy.get(), CURLOPT_SSL_CTX_FUNCTION, without_dates);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(easy.get(), CURLOPT_HEADERDATA, &answer);
  curl_easy_setopt(easy.get(), CURLOPT_WRITEFUNCTION, enough);
  const auto begun = std::chrono::steady_clock::now();
  answer.code = curl_easy_perform(easy.get());
  answer.took = std::chrono::steady_clock::now() - begun;
  answer.at = std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now());
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &answer.status);
  if (answer.code == CURLE_WRITE_ERROR) answer.code = CURLE_OK;
  return answer;
}

}  // namespace

Finding probe_names(Standing& standing) {
  std::set<std::string> hosts;
  for (const auto& target : protocol::read_targets(standing.brokers())) hosts.insert(target.address.host);
  for (const auto& url : standing.files()) hosts.insert(host_of_url(url));
  std::vector<std::string> found, missing;
  for (const auto& host : hosts) {
    try {
      const auto addresses = protocol::resolve(host);
      if (addresses.front() != host) found.push_back(host + " is " + joined(addresses, ", "));
    } catch (const std::exception& error) {
      missing.push_back(error.what());
    }
  }
  if (!missing.empty())
    return {false, joined(missing) + ". Look at the network's DNS (`resolvectl status`, /etc/resolv.conf), and at the SIM and its APN"};
  return {true, found.empty() ? "nothing to look up: all addresses are numbers" : joined(found)};
}

Finding probe_broker(Standing& standing) {
  bool running = false;
  const auto lock = standing.lock(&running);
  return running ? beside_the_running_node(standing) : short_session(standing);
}

Finding probe_https(Standing& standing) {
  // A file that the plan names, where there is one: then it is seen to be there, too.
  std::string path = "/";
  if (standing.plan())
    if (const auto clips = wanted_clips(&*standing.plan(), {}, standing.now()); !clips.empty()) path = "/media/" + clips.front().sha256 + ".opus";
  std::vector<std::string> refused;
  for (const auto& base : standing.files()) {
    const auto answer = ask(standing, base + path);
    if (answer.code != CURLE_OK) {
      refused.push_back(fmt::format("{}: {}", base, curl_easy_strerror(answer.code)));
      continue;
    }
    if (answer.date) {
      // The header counts whole seconds, and it was written some time before it was read.
      const auto took = std::chrono::ceil<Millis>(answer.took);
      standing.server_time = {scheduler::from_ms(std::int64_t{*answer.date} * 1000 + 500) - (answer.at - took / 2), took / 2 + 500ms};
    }
    if (answer.status >= 500 || (path != "/" && answer.status >= 400)) {
      refused.push_back(fmt::format("{}{} answers {}", base, path, answer.status));
      continue;
    }
    return {true, fmt::format("{} answers, its certificate is good", base)};
  }
  return {false, joined(refused) + ". Is the controller's machine on, its port open, and the SIM paid?"};
}

}  // namespace loa::node
