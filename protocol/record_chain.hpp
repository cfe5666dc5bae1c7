#pragma once
#include <string>

#include "scheduler/record.hpp"

namespace loa::protocol {

/// `previous_hash` of the first record of a log: 64 zeros.
std::string first_previous_hash();

/// SHA-256 (hex) of the record's canonical form, which is encode(record): the fields in the order of
/// PROTOCOL.md, no white space, absent optionals omitted. The next record of the log carries it as
/// `previous_hash`.
std::string record_hash(const scheduler::PlayRecord& record);

/// Whether `next` is what follows `record`: same log, number one higher, and the hash of `record`.
bool follows(const scheduler::PlayRecord& record, const scheduler::PlayRecord& next);

}  // namespace loa::protocol
