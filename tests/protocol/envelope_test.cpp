#include "protocol/packet.hpp"

#include <catch2/catch.hpp>

#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/limits.hpp"
#include "tests/protocol/samples.hpp"

namespace samples = loa::protocol::samples;
using namespace loa::protocol;

namespace {

std::string refusal(const std::string& jws, MessageType expected = MessageType::head) {
  const auto opened = open(jws, expected, samples::test_key("controller").public_key());
  if (opened) return "taken";
  const Refusal& refused = opened.error();
  return std::string{name_of(refused.code)} + " at " + refused.where + ": " + refused.message;
}

/// A head, well signed under any header text.
std::string with_header(const std::string& header) {
  const std::string part = to_base64url(header) + "." + to_base64url(encode(samples::head()));
  return part + "." + to_base64url(samples::test_key("controller").sign(part));
}

const std::string kHeader = R"({"alg":"EdDSA","kid":"hue-2026-1","typ":"loa-head"})";

}  // namespace

TEST_CASE("an envelope is taken only in its one form") {
  const std::string good = samples::golden("head.jws");
  const std::string long_kid(400, 'k');
  struct Row {
    std::string name;
    std::string jws;
    std::string expected;
  };
  const std::vector<Row> rows{
      {"as signed", good, "taken"},
      {"the header as written here", with_header(kHeader), "taken"},
      {"alg none", with_header(R"({"alg":"none","kid":"hue-2026-1","typ":"loa-head"})"),
       "malformed at header/alg: the algorithm is not EdDSA"},
      {"alg HS256", with_header(R"({"alg":"HS256","kid":"hue-2026-1","typ":"loa-head"})"),
       "malformed at header/alg: the algorithm is not EdDSA"},
      {"alg in other letters", with_header(R"({"alg":"eddsa","kid":"hue-2026-1","typ":"loa-head"})"),
       "malformed at header/alg: the algorithm is not EdDSA"},
      {"no alg", with_header(R"({"kid":"hue-2026-1","typ":"loa-head"})"),
       "malformed at header/alg: the field is missing"},
      {"no kid", with_header(R"({"alg":"EdDSA","typ":"loa-head"})"),
       "malformed at header/kid: the field is missing"},
      {"an empty kid", with_header(R"({"alg":"EdDSA","kid":"","typ":"loa-head"})"),
       "malformed at header/kid: empty where an id of A-Z a-z 0-9 . _ - is needed"},
      {"no typ", with_header(R"({"alg":"EdDSA","kid":"hue-2026-1"})"),
       "malformed at header/typ: the field is missing"},
      {"a key of its own", with_header(R"({"alg":"EdDSA","kid":"hue-2026-1","typ":"loa-head","jwk":{}})"),
       "malformed at header/jwk: the field is unknown"},
      {"a crit list", with_header(R"({"alg":"EdDSA","kid":"hue-2026-1","typ":"loa-head","crit":["b64"]})"),
       "malformed at header/crit: the field is unknown"},
      {"alg twice", with_header(R"({"alg":"EdDSA","alg":"EdDSA","kid":"hue-2026-1","typ":"loa-head"})"),
       "malformed at header/alg: the field stands twice"},
      {"a header that is no JSON", with_header("EdDSA"),
       "malformed at header: not JSON at byte 0: syntax error"},
      {"a header too long", with_header(R"({"alg":"EdDSA","kid":")" + long_kid + R"(","typ":"loa-head"})"),
       "too_large at header: the protected header is too long"},
      {"another type in the envelope", with_header(R"({"alg":"EdDSA","kid":"hue-2026-1","typ":"loa-order"})"),
       "wrong_type at header/typ: the topic takes loa-head, this is loa-order"},
      {"a signature by another key",
       sign(MessageType::head, samples::kKid, encode(samples::head()), samples::test_key("node")),
       "bad_signature at signature: the signature is not by the key hue-2026-1"},
      {"a payload that was changed", std::string{good}.replace(good.find('.') + 20, 4, "AAAA"),
       "bad_signature at signature: the signature is not by the key hue-2026-1"},
      {"a signature cut short", good.substr(0, good.size() - 22),
       "bad_signature at signature: the signature is not by the key hue-2026-1"},
      {"an empty signature", good.substr(0, good.rfind('.') + 1),
       "bad_signature at signature: the signature is not by the key hue-2026-1"},
      {"padding", good + "==", "malformed at signature: the signature is not base64url without padding"},
      {"a line break at the end", good + "\n",
       "malformed at signature: the signature is not base64url without padding"},
      {"two parts", good.substr(0, good.rfind('.')),
       "malformed at envelope: not three parts with dots between them"},
      {"four parts", good + ".", "malformed at envelope: not three parts with dots between them"},
      {"nothing", "", "malformed at envelope: not three parts with dots between them"},
      {"a payload with a space", std::string{good}.insert(good.find('.') + 1, " "),
       "malformed at payload: the payload is not base64url without padding"},
      {"far too large", std::string(kMaxSmallSigned + 1, 'a'),
       "too_large at envelope: the message is larger than 65536 bytes"},
  };
  for (const Row& row : rows) {
    INFO(row.name);
    CHECK(refusal(row.jws) == row.expected);
  }
}

TEST_CASE("changing any one character of a signed message makes it refused") {
  const std::string good = samples::golden("head.jws");
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::string changed = good;
    changed[at] = changed[at] == 'A' ? 'B' : 'A';
    if (refusal(changed) == "taken") FAIL_CHECK("character " << at << " may be changed");
  }
}

TEST_CASE("a signature has one spelling: other tail bits are refused") {
  std::string jws = samples::golden("head.jws");
  // 64 bytes end in a character of which two bits count; its neighbour differs in the others alone.
  jws.back() = static_cast<char>(jws.back() + 1);
  CHECK(refusal(jws) == "malformed at signature: the signature is not base64url without padding");
}

TEST_CASE("Ed25519 gives the signature of RFC 8037, appendix A.4") {
  // RFC 8037 A.1: the private key d and its public x, A.4: the signature of a JWS.
  const std::string d = from_base64url("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").value();
  const std::string der =
      std::string("\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20", 16) + d;
  std::string base64 = to_base64url(der);
  for (char& c : base64) c = c == '-' ? '+' : c == '_' ? '/' : c;
  const auto key =
      PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\n" + base64 + "\n-----END PRIVATE KEY-----\n")
          .value();
  CHECK(to_text(key.public_key()) == "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
  const std::string signed_part = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
  CHECK(to_base64url(key.sign(signed_part)) ==
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
}

TEST_CASE("a private key survives its PEM, and nothing else is taken as one") {
  const auto key = PrivateKey::generate();
  const auto again = PrivateKey::from_pem(key.to_pem()).value();
  CHECK(again.public_key() == key.public_key());
  CHECK(again.sign("loa") == key.sign("loa"));
  CHECK(PrivateKey::from_pem({}).error().message == "not an unencrypted Ed25519 private key in PEM");
  CHECK(PrivateKey::from_pem("").error().message == "not an unencrypted Ed25519 private key in PEM");
  CHECK(PrivateKey::from_pem("-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n").has_error());
  CHECK(public_key_from_text(to_text(key.public_key())).value() == key.public_key());
  CHECK(public_key_from_text("AAAA").has_error());
}
