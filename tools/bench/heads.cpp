// Heads signed and verified a second on one core, as controller and node do it, beside OpenSSL's bare Ed25519 on the same bytes.
#include <fmt/format.h>
#include <openssl/evp.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <vector>

#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/random_id.hpp"

namespace {

using namespace loa;
using protocol::MessageType;
using Clock = std::chrono::steady_clock;

/// How often `work` runs a second, over about `seconds`.
double rate(double seconds, const std::function<void()>& work) {
  const auto begun = Clock::now();
  std::int64_t times = 0;
  std::chrono::duration<double> gone{};
  do {
    for (int i = 0; i < 50; ++i) work();
    times += 50;
    gone = Clock::now() - begun;
  } while (gone.count() < seconds);
  return static_cast<double>(times) / gone.count();
}

protocol::Head a_head(scheduler::TimePoint now) {
  return {"n-epselyy22lkrcohibxt57ei3ya", protocol::random_nonce(), now, 1'795'804'621'262, 7,
          {{"hue", 1'795'804'621'000}, {"hue-19753", 1'795'804'621'001}, {"hue-19753-1", 0}}};
}

/// OpenSSL alone, with a key of its own.
struct Bare {
  Bare() {
    std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, nullptr), EVP_PKEY_CTX_free);
    if (EVP_PKEY_keygen_init(context.get()) != 1 || EVP_PKEY_keygen(context.get(), &key) != 1) throw std::runtime_error("OpenSSL makes no key");
  }
  ~Bare() { EVP_PKEY_free(key); }
  void sign(const std::string& text) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    std::size_t size = sizeof signature;
    if (EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
        EVP_DigestSign(context.get(), signature, &size, reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
      throw std::runtime_error("OpenSSL does not sign");
  }
  void verify(const std::string& text) {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key) != 1 ||
        EVP_DigestVerify(context.get(), signature, sizeof signature, reinterpret_cast<const unsigned char*>(text.data()), text.size()) != 1)
      throw std::runtime_error("OpenSSL does not verify");
  }
  EVP_PKEY* key = nullptr;
  unsigned char signature[64] = {};
};

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Heads signed and verified a second on one core, beside OpenSSL's bare Ed25519 on the same bytes.");
  double seconds = 3;
  app.add_option("--seconds", seconds, "how long each is measured")->check(CLI::Range(0.1, 600.0))->capture_default_str();
  CLI11_PARSE(app, argc, argv);

  const auto now = scheduler::from_ms(1'795'804'700'000);
  const auto root = protocol::PrivateKey::generate(), working = protocol::PrivateKey::generate();
  protocol::SigningKey listed;
  listed.kid = "k1";
  listed.public_key = working.public_key();
  listed.may_sign = {MessageType::head};
  listed.branch = "hue";
  listed.not_before = now - std::chrono::hours(1);
  listed.not_after = now + std::chrono::hours(1);
  protocol::KeySet set;
  set.number = 7;
  set.issued = now;
  set.keys = {listed};
  protocol::KeyRing ring(root.public_key());
  if (!ring.take(protocol::sign(MessageType::keys, protocol::kRootKid, protocol::encode(set), root))) return 1;

  const std::vector<std::string> chain{"hue", "hue-19753", "hue-19753-1"};
  const auto head = a_head(now);
  const auto packet = protocol::sign(MessageType::head, "k1", protocol::encode(head), working);
  const auto signed_bytes = packet.substr(0, packet.rfind('.'));
  Bare bare;
  const double sign = rate(seconds, [&] { protocol::sign(MessageType::head, "k1", protocol::encode(head), working); });
  const double bare_sign = rate(seconds, [&] { bare.sign(signed_bytes); });
  const double verify = rate(seconds, [&] {
    const auto verified = ring.verify(packet, MessageType::head, chain);
    if (!verified || !protocol::decode_head(verified->payload, head.node)) throw std::runtime_error("a good head is refused");
  });
  const double bare_verify = rate(seconds, [&] { bare.verify(signed_bytes); });
  fmt::print("{:<28} {:>9} {:>12} {:>6}\n", fmt::format("a head of {} bytes", packet.size()), "Loa /s", "OpenSSL /s", "ratio");
  fmt::print("{:<28} {:>9.0f} {:>12.0f} {:>6.2f}\n", "written and signed", sign, bare_sign, sign / bare_sign);
  fmt::print("{:<28} {:>9.0f} {:>12.0f} {:>6.2f}\n", "verified and read", verify, bare_verify, verify / bare_verify);
  return 0;
}
