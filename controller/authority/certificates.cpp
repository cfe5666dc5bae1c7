#include "controller/authority/certificates.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <set>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "controller/authority/files.hpp"
#include "protocol/authorities.hpp"
#include "protocol/hash.hpp"
#include "protocol/topics.hpp"

namespace loa::authority {

namespace {

using namespace std::chrono_literals;

constexpr auto kYear = 365 * 24h;
constexpr auto kCertificateLife = 5 * kYear;
constexpr auto kRootBackdate = 10 * kYear;  // so that one that was made while the clock was ahead counts once it is right
constexpr auto kBackdate = 24h;  // so that a clock a little behind takes what was made just now

Handle<EVP_PKEY> new_key() {
  Handle<EVP_PKEY> key(EVP_EC_gen("P-256"));
  require(key != nullptr, "new P-256 key");
  return key;
}

// 16 random bytes (CA/Browser baseline asks for 8) with the top bit clear, so that the number is positive.
std::string new_serial() {
  unsigned char bytes[16];
  require(RAND_bytes(bytes, sizeof bytes) == 1, "random serial");
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);
  return protocol::to_hex({reinterpret_cast<const char*>(bytes), sizeof bytes});
}

Handle<ASN1_INTEGER> to_integer(const std::string& hex) {
  BIGNUM* number = nullptr;
  require(BN_hex2bn(&number, hex.c_str()) == static_cast<int>(hex.size()), "serial");
  const Handle<BIGNUM> owned(number);
  Handle<ASN1_INTEGER> integer(BN_to_ASN1_INTEGER(number, nullptr));
  require(integer != nullptr, "serial");
  return integer;
}

Handle<ASN1_TIME> to_time(TimePoint time) {
  Handle<ASN1_TIME> asn1(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(time)));
  require(asn1 != nullptr, "time");
  return asn1;
}

void set_validity(X509* certificate, TimePoint from, TimePoint until) {
  require(X509_set1_notBefore(certificate, to_time(from).get()) == 1, "notBefore");
  require(X509_set1_notAfter(certificate, to_time(until).get()) == 1, "notAfter");
}

TimePoint begin_of(X509* certificate) { return TimePoint(std::chrono::seconds(to_seconds(X509_get0_notBefore(certificate)))); }

void set_common_name(X509* certificate, const std::string& name) {
  require(X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                                     reinterpret_cast<const unsigned char*>(name.data()),
                                     static_cast<int>(name.size()), -1, 0) == 1,
          "common name");
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const Handle<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
  require(extension != nullptr, "extension");
  require(X509_add_ext(certificate, extension.get(), -1) == 1, "extension");
}

Handle<X509> blank(const std::string& serial, const std::string& name, EVP_PKEY* key) {
  Handle<X509> certificate(X509_new());
  require(certificate != nullptr, "certificate");
  require(X509_set_version(certificate.get(), X509_VERSION_3) == 1, "version");
  require(X509_set_serialNumber(certificate.get(), to_integer(serial).get()) == 1, "serial");
  require(X509_set_pubkey(certificate.get(), key) == 1, "public key");
  set_common_name(certificate.get(), name);
  return certificate;
}

Handle<X509> make_root(EVP_PKEY* key, TimePoint now) {
  const std::string serial = new_serial();
  auto root = blank(serial, "Loa CA " + serial.substr(0, 8), key);
  set_validity(root.get(), now - kRootBackdate, now + 30 * kYear);
  require(X509_set_issuer_name(root.get(), X509_get_subject_name(root.get())) == 1, "issuer");
  add_extension(root.get(), root.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(root.get(), root.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
  add_extension(root.get(), root.get(), NID_subject_key_identifier, "hash");
  require(X509_sign(root.get(), key, EVP_sha256()) > 0, "signing the CA");
  return root;
}

// The subjectAltName text is OpenSSL's own little language: only names that cannot say more in it may enter.
std::string alternative_name(const std::string& host) {
  if (ASN1_OCTET_STRING* ip = a2i_IPADDRESS(host.c_str())) {
    ASN1_OCTET_STRING_free(ip);
    return "IP:" + host;
  }
  ERR_clear_error();
  const bool fits = !host.empty() && host.size() <= 253 && std::all_of(host.begin(), host.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
  if (!fits) throw std::invalid_argument("certificate: neither a DNS name nor an IP address: " + host);
  return "DNS:" + host;
}

std::string common_name(X509_NAME* subject) {
  char name[256] = {};
  const int length = X509_NAME_get_text_by_NID(subject, NID_commonName, name, sizeof name);
  return length < 0 ? std::string() : std::string(name, static_cast<std::size_t>(length));
}

bool is_p256(const EVP_PKEY* key) {
  char group[64] = {};
  std::size_t length = 0;
  return EVP_PKEY_is_a(key, "EC") && EVP_PKEY_get_group_name(key, group, sizeof group, &length) == 1 &&
         std::string_view(group, length) == SN_X9_62_prime256v1;
}

std::vector<Revocation> read_revoked(const std::filesystem::path& file) {
  std::vector<Revocation> revoked;
  if (!std::filesystem::exists(file)) return revoked;
  const std::string text = read_file(file);
  std::size_t line = 0;
  for (std::size_t at = 0; at < text.size();) {
    ++line;
    const std::size_t end = std::min(text.find('\n', at), text.size());
    const std::string one = text.substr(at, end - at);
    at = end + 1;
    const std::size_t space = one.find(' ');
    std::int64_t ms = 0;
    const auto parsed = space == std::string::npos
                            ? std::from_chars_result{nullptr, std::errc::invalid_argument}
                            : std::from_chars(one.data() + space + 1, one.data() + one.size(), ms);
    if (parsed.ec != std::errc{} || parsed.ptr != one.data() + one.size() || space == 0)
      throw std::runtime_error(fmt::format("{}:{}: not a serial and a time", file.string(), line));
    revoked.push_back({one.substr(0, space), scheduler::from_ms(ms)});
  }
  return revoked;
}

}  // namespace

bool is_serial(std::string_view text) {
  return text.size() <= 40 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos && text.find_first_not_of('0') != std::string_view::npos;
}

CertificateAuthority::CertificateAuthority(std::filesystem::path folder, Pair first)
    : folder_(std::move(folder)), first_(std::move(first)), revoked_(read_revoked(folder_ / "revoked")) {}

void CertificateAuthority::make_pair(const std::filesystem::path& folder, TimePoint now) {
  // A key without certificate is what a crash between the two writes leaves: nothing was issued with it yet.
  make_private_folder(folder);
  const auto key = new_key();
  const auto root = make_root(key.get(), now);
  write_file(folder / "ca.key", to_pem(key.get()), 0600);
  write_file(folder / "ca.pem", to_pem(root.get()), 0644);
}

CertificateAuthority::Pair CertificateAuthority::open_pair(const std::filesystem::path& folder) {
  const auto certificate_file = folder / "ca.pem";
  const auto key_file = folder / "ca.key";
  Pair pair;
  pair.certificate = certificate_from_pem(read_file(certificate_file));
  if (!pair.certificate) throw std::runtime_error(certificate_file.string() + ": no certificate in it");
  pair.key = private_key_from_pem(read_file(key_file));
  if (!pair.key) throw std::runtime_error(key_file.string() + ": no private key in it");
  if (X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1)
    throw std::runtime_error(key_file.string() + ": is not the key of ca.pem");
  pair.pem = to_pem(pair.certificate.get());
  return pair;
}

CertificateAuthority CertificateAuthority::open_or_create(const std::filesystem::path& folder, TimePoint now) {
  // The next one's certificate alone is what a crash in take_next() leaves: its key is here already.
  if (std::filesystem::exists(folder / "next/ca.pem") && !std::filesystem::exists(folder / "next/ca.key"))
    std::filesystem::rename(folder / "next/ca.pem", folder / "ca.pem");
  if (!std::filesystem::exists(folder / "ca.pem")) make_pair(folder, now);
  return CertificateAuthority(folder, open_pair(folder));
}

std::string CertificateAuthority::make_next(const std::filesystem::path& folder, TimePoint now) {
  if (!std::filesystem::exists(folder / "next/ca.pem")) make_pair(folder / "next", now);
  return open_pair(folder / "next").pem;
}

namespace {

/// Those of a key set's authorities that are none of `own`, in PEM.
std::vector<std::string> not_of(const std::vector<std::string>& listed, const std::vector<std::string>& own) {
  std::vector<std::string> pems;
  for (const auto& one : listed) {
    protocol::KeySet alone;
    alone.authorities = {one};
    const auto pem = protocol::authorities_pem(alone);
    if (pem && std::find(own.begin(), own.end(), *pem) == own.end()) pems.push_back(*pem);
  }
  return pems;
}

}  // namespace

bool CertificateAuthority::follow(const std::optional<std::vector<std::string>>& listed) {
  if (!listed) return false;  // nodes trust what their bundles say
  const auto lists = [&](const std::string& pem) {
    return std::find(listed->begin(), listed->end(), protocol::authority_text(pem).value()) != listed->end();
  };
  if (!next_ && std::filesystem::exists(folder_ / "next/ca.pem")) next_ = open_pair(folder_ / "next");
  const bool first = lists(first_.pem);
  const bool next = next_ && lists(next_->pem);
  if (!first && !next)
    throw std::runtime_error(folder_.string() + ": the key set lists only authorities whose keys are not here; `loa keys request --authority`");
  auto foreign = not_of(*listed, next ? std::vector{first_.pem, next_->pem} : std::vector{first_.pem});
  const bool others = foreign != std::exchange(foreign_, foreign);
  if (!next) return others;
  if (first) return !std::exchange(next_active_, true) || others;
  take_next();
  return true;
}

// The key first: open_or_create goes on from there.
void CertificateAuthority::take_next() {
  std::filesystem::rename(folder_ / "next/ca.key", folder_ / "ca.key");
  std::filesystem::rename(folder_ / "next/ca.pem", folder_ / "ca.pem");
  std::filesystem::remove(folder_ / "next");
  first_ = std::move(*next_);
  next_.reset();
  next_active_ = false;
}

std::string CertificateAuthority::certificate_pem() const { return next_active_ ? next_->pem + first_.pem : first_.pem; }

std::vector<std::string> CertificateAuthority::all_pems() const {
  std::vector<std::string> all{first_.pem};
  if (const auto next = folder_ / "next/ca.pem"; std::filesystem::exists(next)) all.push_back(read_file(next));
  return all;
}

IssuedCertificate CertificateAuthority::issue(const Pair& by, const std::string& name, const char* usage,
                                              const std::string& alternative, TimePoint now) const {
  const auto key = new_key();
  auto issued = issue(by, key.get(), name, usage, alternative, now);
  issued.key_pem = to_pem(key.get());
  return issued;
}

IssuedCertificate CertificateAuthority::issue(const Pair& by, EVP_PKEY* key, const std::string& name, const char* usage,
                                              const std::string& alternative, TimePoint now) const {
  const std::string serial = new_serial();
  const auto certificate = blank(serial, name, key);
  X509* issuer = by.certificate.get();
  // As old as its authority: where the clock was ahead when it was made, it counts all the same once the clock is right.
  set_validity(certificate.get(), std::min(now - kBackdate, begin_of(issuer)), now + kCertificateLife);
  require(X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer)) == 1, "issuer");
  add_extension(certificate.get(), issuer, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate.get(), issuer, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate.get(), issuer, NID_ext_key_usage, usage);
  add_extension(certificate.get(), issuer, NID_subject_key_identifier, "hash");
  add_extension(certificate.get(), issuer, NID_authority_key_identifier, "keyid:always");
  if (!alternative.empty()) add_extension(certificate.get(), issuer, NID_subject_alt_name, alternative);
  require(X509_sign(certificate.get(), by.key.get(), EVP_sha256()) > 0, "signing a certificate");
  return {to_pem(certificate.get()), {}, serial, now + kCertificateLife};
}

IssuedCertificate CertificateAuthority::issue_server(const std::string& name, const std::vector<std::string>& hosts,
                                                     TimePoint now) const {
  if (!protocol::is_id(name)) throw std::invalid_argument("certificate: not a name: " + name);
  if (hosts.empty()) throw std::invalid_argument("certificate: a server needs at least one host name");
  std::string alternative;
  for (const std::string& host : hosts) alternative += (alternative.empty() ? "" : ",") + alternative_name(host);
  return issue(first_, name, "serverAuth", alternative, now);
}

IssuedCertificate CertificateAuthority::issue_client(const std::string& identity, TimePoint now) const {
  if (!protocol::is_id(identity)) throw std::invalid_argument("certificate: not an id: " + identity);
  return issue(client_issuer(), identity, "clientAuth", "", now);
}

IssuedCertificate CertificateAuthority::issue_for_request(const std::string& csr_pem, const std::string& identity, TimePoint now) const {
  if (!protocol::is_id(identity)) throw std::invalid_argument("certificate: not an id: " + identity);
  const auto csr = request_from_pem(csr_pem);
  if (!csr) throw std::invalid_argument("certificate: not a request (PKCS#10 in PEM)");
  EVP_PKEY* key = X509_REQ_get0_pubkey(csr.get());
  const bool proved = key && X509_REQ_verify(csr.get(), key) == 1;
  ERR_clear_error();
  if (!proved) throw std::invalid_argument("certificate: the request is not signed by the key that it names");
  if (!is_p256(key)) throw std::invalid_argument("certificate: the request names no P-256 key");
  if (common_name(X509_REQ_get_subject_name(csr.get())) != identity)
    throw std::invalid_argument("certificate: the request names another than " + identity);
  return issue(client_issuer(), key, identity, "clientAuth", "", now);
}

IssuedCertificate CertificateAuthority::read_client(const std::string& certificate_pem, const std::string& identity) const {
  const auto certificate = certificate_from_pem(certificate_pem);
  if (!certificate) throw std::invalid_argument("certificate: none");
  auto authorities = certificates_from_pem(this->certificate_pem());
  for (const auto& pem : foreign_) authorities.push_back(certificate_from_pem(pem));
  const bool ours = std::any_of(authorities.begin(), authorities.end(), [&](const auto& by) {
    return X509_NAME_cmp(X509_get_issuer_name(certificate.get()), X509_get_subject_name(by.get())) == 0 &&
           X509_verify(certificate.get(), X509_get0_pubkey(by.get())) == 1;
  });
  ERR_clear_error();
  if (!ours) throw std::invalid_argument("certificate: by no authority of this controller");
  if (common_name(X509_get_subject_name(certificate.get())) != identity) throw std::invalid_argument("certificate: it names another than " + identity);
  if (X509_check_ca(certificate.get()) != 0 || X509_check_purpose(certificate.get(), X509_PURPOSE_SSL_CLIENT, 0) != 1)
    throw std::invalid_argument("certificate: not that of a client");
  const auto serial = serial_of(certificate.get());
  if (!is_serial(serial)) throw std::invalid_argument("certificate: its serial number is none");
  return {certificate_pem, {}, serial, scheduler::from_ms(to_seconds(X509_get0_notAfter(certificate.get())) * 1000)};
}

void CertificateAuthority::revoke(const std::vector<std::string>& serials, TimePoint now) {
  auto next = revoked_;
  std::set<std::string> known;
  for (const Revocation& one : revoked_) known.insert(one.serial);
  for (const std::string& serial : serials) {
    if (!is_serial(serial)) throw std::invalid_argument("certificate: not a serial number: " + serial);
    if (known.insert(serial).second) next.push_back({serial, now});
  }
  if (next.size() == revoked_.size()) return;
  std::erase_if(next, [now](const Revocation& one) { return one.at < now - kCertificateLife - kBackdate; });
  std::string text;
  for (const Revocation& one : next) text += fmt::format("{} {}\n", one.serial, scheduler::to_ms(one.at));
  write_file(folder_ / "revoked", text, 0600);
  revoked_ = std::move(next);
}

std::string CertificateAuthority::make_crl(TimePoint now) const {
  return next_active_ ? make_crl(*next_, now) + make_crl(first_, now) : make_crl(first_, now);
}

// Which of the two made a certificate is not remembered: serials are random, and both lists name all.
std::string CertificateAuthority::make_crl(const Pair& by, TimePoint now) const {
  const Handle<X509_CRL> crl(X509_CRL_new());
  require(crl != nullptr, "CRL");
  require(X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2) == 1, "CRL version");
  require(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(by.certificate.get())) == 1, "CRL issuer");
  require(X509_CRL_set1_lastUpdate(crl.get(), to_time(now - kBackdate).get()) == 1, "CRL thisUpdate");
  require(X509_CRL_set1_nextUpdate(crl.get(), to_time(now + kCrlLife).get()) == 1, "CRL nextUpdate");
  const Handle<ASN1_INTEGER> number(ASN1_INTEGER_new());
  require(number && ASN1_INTEGER_set_int64(number.get(), scheduler::to_ms(now)) == 1, "CRL number");
  require(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, number.get(), 0, 0) == 1, "CRL number");
  for (const Revocation& one : revoked_) {
    Handle<X509_REVOKED> entry(X509_REVOKED_new());
    require(entry && X509_REVOKED_set_serialNumber(entry.get(), to_integer(one.serial).get()) == 1, "CRL entry");
    require(X509_REVOKED_set_revocationDate(entry.get(), to_time(one.at).get()) == 1, "CRL entry");
    require(X509_CRL_add0_revoked(crl.get(), entry.get()) == 1, "CRL entry");
    static_cast<void>(entry.release());  // the CRL owns it now
  }
  require(X509_CRL_sort(crl.get()) == 1, "CRL order");
  require(X509_CRL_sign(crl.get(), by.key.get(), EVP_sha256()) > 0, "signing the CRL");
  return to_pem(crl.get());
}

}  // namespace loa::authority
