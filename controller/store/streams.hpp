#pragma once
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "controller/store/session.hpp"

namespace loa::store {

enum class StreamState { waiting, approved, retired };
const char* name_of(StreamState state);
std::optional<StreamState> parse_stream_state(std::string_view name);

/// A relay or live stream that broadcasts of its area and below may be of. Two gates stand before a plan, each by itself: approval, which is of exact
/// content (name, address, language), and for an address without TLS the province's leave, which is of exactly that address.
struct Stream {
  std::string id;    ///< `st-` + random
  std::string area;  ///< rights follow it; the nodes of this area and below may relay it
  std::string name;
  std::string url;   ///< as protocol::parse_stream_address takes it
  std::string language = "vi";  ///< BCP 47
  StreamState state = StreamState::waiting;
  std::string content_hash;   ///< content_hash_of as stored, kept by the store
  std::string approved_hash;  ///< empty: not approved
  std::string set_by;         ///< who gave it the address that it has
  TimePoint set_at;
  std::string approver;
  std::optional<TimePoint> decided;
  bool plain_http_allowed = false;
  std::string plain_http_by;  ///< who allowed it, or took that back
  std::optional<TimePoint> plain_http_at;
  TimePoint created;
  TimePoint changed;
  std::optional<TimePoint> retired;
  std::string retired_by;
  bool operator==(const Stream&) const = default;
};

/// SHA-256 (hex) over what an approver approves.
std::string content_hash_of(const Stream& stream);
/// Whether sound of this address travels without TLS: of all that does not begin with `https://`.
bool is_plain_http(const std::string& url);
bool is_plain_http(const Stream& stream);
/// Why no plan may hold it: stream_retired, stream_not_approved or plain_http_not_allowed; empty where one may.
const char* held_back_by(const Stream& stream);

/// Takes id, area, name, address and language; it begins waiting for approval. False: the area does not exist or the id is taken.
bool add_stream(Transaction& transaction, const Stream& stream);
/// Changes name, address and language. Any change of them makes it wait for approval again, and another address takes the leave for plain HTTP away;
/// false: none such, or retired.
bool update_stream(Transaction& transaction, const Stream& stream);
/// waiting → approved, where the content still hashes to `content_hash` (what the approver saw); false otherwise.
bool approve_stream(Transaction& transaction, const std::string& id, const std::string& content_hash);
/// Allows its address without TLS, or takes that back; false: none such, retired, its address has TLS, or nothing would change.
bool allow_plain_http(Transaction& transaction, const std::string& id, bool allowed);
/// Any → retired, for good; plans drop it. False: none such, or retired before.
bool retire_stream(Transaction& transaction, const std::string& id);

std::optional<Stream> find_stream(Session& session, const std::string& id);
/// Whether `user` ever added or changed this stream.
bool has_set(Session& session, const std::string& stream, const std::string& user);

struct StreamFilter {
  std::vector<std::string> roots;  ///< branches that the reader may see
  std::vector<std::string> above;  ///< areas above these, whose streams are for those branches too
  std::optional<StreamState> state;
  int limit = 200;
  std::optional<std::tuple<TimePoint, std::string>> after;  ///< begins behind the row with this changed and id
};
/// Newest change first.
std::vector<Stream> list_streams(Session& session, const StreamFilter& filter);

}  // namespace loa::store
