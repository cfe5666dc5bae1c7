#include "protocol/record_chain.hpp"

#include "protocol/codec.hpp"
#include "protocol/hash.hpp"

namespace loa::protocol {

std::string first_previous_hash() { return std::string(64, '0'); }

std::string record_hash(const scheduler::PlayRecord& record) { return sha256_hex(encode(record)); }

bool follows(const scheduler::PlayRecord& record, const scheduler::PlayRecord& next) {
  return next.log_id == record.log_id && next.number == record.number + 1 &&
         next.previous_hash == record_hash(record);
}

}  // namespace loa::protocol
