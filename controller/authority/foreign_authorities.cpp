#include "controller/authority/foreign_authorities.hpp"

#include <algorithm>
#include <exception>

#include "controller/authority/files.hpp"

namespace loa::authority {

namespace {

// Files are written daily; the helper refuses a CRL with less than an hour to go.
constexpr std::chrono::hours kStillToGo{26};

// A set that is missing or broken tells nothing.
std::string text_of(const std::filesystem::path& file) {
  try {
    return std::filesystem::exists(file) ? read_file(file) : std::string();
  } catch (const std::exception&) {
    return {};
  }
}

std::chrono::seconds end_of(X509_CRL* crl) {
  const auto* end = X509_CRL_get0_nextUpdate(crl);
  return std::chrono::seconds(end ? to_seconds(end) : 0);
}

bool counts(X509_CRL* crl, X509* ca, TimePoint now) {
  return X509_NAME_cmp(X509_CRL_get_issuer(crl), X509_get_subject_name(ca)) == 0 && X509_CRL_verify(crl, X509_get0_pubkey(ca)) == 1 &&
         end_of(crl) > now.time_since_epoch() + kStillToGo && std::chrono::seconds(to_seconds(X509_CRL_get0_lastUpdate(crl))) <= now.time_since_epoch();
}

}  // namespace

std::vector<ForeignAuthority> find_foreign(const CertificateAuthority& authority, const std::vector<std::filesystem::path>& folders, bool all, TimePoint now) {
  auto wanted = authority.foreign();
  std::vector<Handle<X509_CRL>> crls;
  for (const auto& folder : folders) {
    for (auto& crl : crls_from_pem(text_of(folder / "crl.pem"))) crls.push_back(std::move(crl));
    if (!all) continue;
    for (const auto& ca : certificates_from_pem(text_of(folder / "ca.pem"))) {
      const auto pem = to_pem(ca.get());
      if (authority.certificate_pem().find(pem) == std::string::npos && std::find(wanted.begin(), wanted.end(), pem) == wanted.end()) wanted.push_back(pem);
    }
  }
  std::vector<ForeignAuthority> found;
  for (const auto& pem : wanted) {
    const auto ca = certificate_from_pem(pem);
    X509_CRL* best = nullptr;
    for (const auto& crl : crls)
      if (ca && counts(crl.get(), ca.get(), now) && (!best || end_of(crl.get()) > end_of(best))) best = crl.get();
    if (best) found.push_back({pem, to_pem(best)});
  }
  return found;
}

std::string name_of_authority(const std::string& certificate_pem) {
  const auto certificate = certificate_from_pem(certificate_pem);
  char name[65] = {};
  if (certificate) X509_NAME_get_text_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, name, sizeof name);
  return name;
}

}  // namespace loa::authority
