#pragma once
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>

namespace loa::protocol {

/// Why a message from outside was not taken; the names (name_of) are stable and travel in receipts.
enum class RefusalCode {
  malformed,        ///< not what the format says: bad JSON, missing, unknown, doubled or mistyped field
  too_large,        ///< above a stated limit
  format_unknown,   ///< a `v` that this reader does not know
  wrong_type,       ///< `typ` does not belong to the topic
  unknown_key,      ///< no such key in the key set held
  revoked_key,      ///< the key is listed as revoked
  key_not_allowed,  ///< the key may not sign this type, or not for this area
  key_dates,        ///< signed outside the key's dates
  bad_signature,
  wrong_audience,   ///< meant for another node or area
  old_revision,     ///< not higher than the highest known
  stale,            ///< issue time not newer than the last, or the nonce is not ours
  expired,
  wrong_area,       ///< the areas it names are not those that the node is under
  replayed,         ///< an id that was done already
  withheld,         ///< a head named something newer that did not come: what is held must not sound any more
  busy,             ///< something sounds, or is about to, that the order would disturb
  muted,            ///< the node is muted, and the order would sound
  unsupported       ///< understood, but this node cannot do it
};

const char* name_of(RefusalCode code);

/// A refusal that a person can act on: the code, where in the message, and one sentence.
struct Refusal {
  RefusalCode code = RefusalCode::malformed;
  std::string where;    ///< JSON pointer or part of the envelope, for example "/occurrences/3/due"
  std::string message;
};

/// Called by boost::system::result when value() is taken of a refusal: a bug in the caller.
[[noreturn]] inline void throw_exception_from_error(const Refusal& refusal, const boost::source_location&) {
  throw std::logic_error("unchecked refusal: " + refusal.where + ": " + refusal.message);
}

/// A value, or why there is none.
template <class T>
using Result = boost::system::result<T, Refusal>;

}  // namespace loa::protocol
