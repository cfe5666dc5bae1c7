#include "controller/authority/lifetimes.hpp"

#include <optional>
#include <stdexcept>

#include "controller/authority/files.hpp"
#include "controller/authority/openssl_handles.hpp"

namespace loa::authority {

namespace {

using std::filesystem::path;

constexpr std::chrono::hours kDay{24};
// Servers' and the controller's own are made anew when a year is left, the CRL when half a month is; the authority
// itself must outlive what it issues, and a new one has to reach every node first.
constexpr auto kCertificateNotice = 60 * kDay;
constexpr auto kCrlNotice = 10 * kDay;
constexpr auto kAuthorityNotice = 5 * 365 * kDay;

scheduler::TimePoint time_of(const ASN1_TIME* time) { return scheduler::from_ms(to_seconds(time) * 1000); }

// One that is missing, kept from this account or broken has other alarms.
std::optional<std::string> text_of(const path& file) {
  try {
    std::error_code missing;
    if (!std::filesystem::exists(file, missing)) return std::nullopt;
    return read_file(file);
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

void add_certificate(std::vector<Lifetime>& all, const char* name, const path& file, std::chrono::hours notice) {
  const auto text = text_of(file);
  const auto certificate = text ? certificate_from_pem(*text) : nullptr;
  if (!certificate) return;
  all.push_back({name, time_of(X509_get0_notBefore(certificate.get())), time_of(X509_get0_notAfter(certificate.get())), notice});
}

void add_crl(std::vector<Lifetime>& all, const char* name, const path& file) {
  const auto text = text_of(file);
  const auto crl = text ? crl_from_pem(*text) : nullptr;
  if (!crl || !X509_CRL_get0_nextUpdate(crl.get())) return;
  all.push_back({name, time_of(X509_CRL_get0_lastUpdate(crl.get())), time_of(X509_CRL_get0_nextUpdate(crl.get())), kCrlNotice});
}

}  // namespace

std::vector<Lifetime> read_lifetimes(const LifetimePlaces& places) {
  std::vector<Lifetime> all;
  add_certificate(all, "authority", places.authority / "ca.pem", kAuthorityNotice);
  add_certificate(all, "broker", places.broker / "server.pem", kCertificateNotice);
  add_certificate(all, "controller", places.tls / "controller.pem", kCertificateNotice);
  add_certificate(all, "https", places.tls / "https.pem", kCertificateNotice);
  add_crl(all, "crl", places.broker / "crl.pem");
  add_crl(all, "live_crl", places.live_broker / "crl.pem");
  return all;
}

}  // namespace loa::authority
