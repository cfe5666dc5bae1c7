#include "protocol/packet.hpp"

#include <zlib.h>

#include <array>
#include <stdexcept>
#include <utility>

#include "protocol/limits.hpp"

namespace loa::protocol {
namespace {

Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

Refusal too_large(std::size_t limit) {
  return {RefusalCode::too_large, "payload",
          "the payload inflates to more than " + std::to_string(limit) + " bytes"};
}

struct Inflater {
  z_stream stream{};
  Inflater() {
    if (inflateInit(&stream) != Z_OK) throw std::bad_alloc{};
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  ~Inflater() { inflateEnd(&stream); }
};

}  // namespace

std::string deflate(std::string_view bytes) {
  std::string packed(compressBound(bytes.size()), '\0');
  uLongf length = packed.size();
  if (compress2(bytes_of(packed), &length, bytes_of(bytes), bytes.size(), Z_BEST_COMPRESSION) != Z_OK) {
    throw std::bad_alloc{};
  }
  packed.resize(length);
  return packed;
}

Result<std::string> inflate(std::string_view bytes, std::size_t limit) {
  Inflater inflater;
  z_stream& stream = inflater.stream;
  stream.next_in = bytes_of(bytes);
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string whole;
  std::array<char, 16 * 1024> piece;
  int verdict = Z_OK;
  while (verdict == Z_OK) {
    stream.next_out = reinterpret_cast<Bytef*>(piece.data());
    stream.avail_out = piece.size();
    verdict = ::inflate(&stream, Z_NO_FLUSH);
    const std::size_t count = piece.size() - stream.avail_out;
    if (whole.size() + count > limit) return too_large(limit);
    whole.append(piece.data(), count);
  }
  if (verdict == Z_MEM_ERROR) throw std::bad_alloc{};
  if (verdict != Z_STREAM_END || stream.avail_in != 0) {
    return Refusal{RefusalCode::malformed, "payload", "the payload is not one whole zlib stream"};
  }
  return whole;
}

std::string pack(MessageType type, std::string_view kid, std::string_view json, const PrivateKey& key) {
  return sign(type, kid, is_deflated(type) ? deflate(json) : std::string(json), key);
}

Result<std::string> json_of(Envelope envelope) {
  if (is_deflated(envelope.type)) return inflate(envelope.payload, envelope.type == MessageType::plan ? kMaxPlanJson : kMaxStateJson);
  return std::move(envelope.payload);
}

Result<std::string> open(std::string_view jws, MessageType expected, const PublicKey& key) {
  auto envelope = open(jws, expected);
  if (!envelope) return envelope.error();
  if (!envelope->signed_by(key)) {
    return Refusal{RefusalCode::bad_signature, "signature",
                   "the signature is not by the key " + envelope->kid};
  }
  return json_of(*std::move(envelope));
}

Result<std::string> pack_plan(std::string_view json, std::string_view kid, const PrivateKey& key) {
  if (json.size() > kMaxPlanJson) {
    return Refusal{
        RefusalCode::too_large, "",
        "the plan has more than " + std::to_string(kMaxPlanJson) + " bytes: fewer occurrences or items"};
  }
  const std::string packed = deflate(json);
  if (packed.size() > kMaxPlanDeflated) {
    return Refusal{
        RefusalCode::too_large, "",
        "the plan has more than " + std::to_string(kMaxPlanDeflated) + " bytes deflated: fewer occurrences"};
  }
  return sign(MessageType::plan, kid, packed, key);
}

}  // namespace loa::protocol
