#pragma once
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "scheduler/time.hpp"

// Lists in pages. A page begins behind the key of the last row of the page before, so that rows which come in between make no other row
// appear twice or not at all. The key travels as an opaque text, the cursor.
namespace loa::api {

/// Parts of a key as text, and back; nothing where a text is none that key_text wrote.
std::string key_text(scheduler::TimePoint part);
std::string key_text(std::int64_t part);
std::string key_text(const std::string& part);
bool read_key(const std::string& text, scheduler::TimePoint& part);
bool read_key(const std::string& text, std::int64_t& part);
bool read_key(const std::string& text, std::string& part);

/// `list` and the parts as one opaque text; back only with the same `list` and number of parts.
std::string to_cursor(std::string_view list, const std::vector<std::string>& parts);
std::optional<std::vector<std::string>> from_cursor(std::string_view list, const std::string& cursor, std::size_t parts);

/// How long a page is and behind which row it begins; a page takes one row more to learn whether there is another.
template <class... Parts>
struct Page {
  using Key = std::tuple<Parts...>;
  std::string_view list;
  int limit = 50;
  std::optional<Key> after;
  int fetch() const { return limit + 1; }
};

template <class... Parts>
std::string cursor_of(const Page<Parts...>& page, const std::tuple<Parts...>& key) {
  return std::apply([&](const auto&... parts) { return to_cursor(page.list, {key_text(parts)...}); }, key);
}

template <class... Parts>
std::optional<std::tuple<Parts...>> key_in(std::string_view list, const std::string& cursor) {
  const auto texts = from_cursor(list, cursor, sizeof...(Parts));
  if (!texts) return {};
  std::tuple<Parts...> key;
  std::size_t next = 0;
  const bool read = std::apply([&](auto&... parts) { return (read_key((*texts)[next++], parts) && ...); }, key);
  return read ? std::optional(std::move(key)) : std::nullopt;
}

/// `{items, next_cursor?}` of rows of which page.fetch() were asked for; `key` gives the key of a row, `write` makes an object of it.
template <class Row, class... Parts, class KeyOf, class Write>
boost::json::object page_answer(std::vector<Row> rows, const Page<Parts...>& page, const KeyOf& key, const Write& write) {
  const auto limit = static_cast<std::size_t>(page.limit);
  boost::json::object answer;
  if (rows.size() > limit) {
    rows.resize(limit);
    answer["next_cursor"] = cursor_of(page, key(rows.back()));
  }
  boost::json::array items;
  for (const auto& row : rows) items.push_back(write(row));
  answer["items"] = std::move(items);
  return answer;
}

/// The same of the rows that `keep` takes among those that `fetch(after, most)` gives. It looks at no more than kMostScanned in one
/// call: a page may therefore be short, or empty, and still have a next_cursor.
inline constexpr int kMostScanned = 5'000;
template <class... Parts, class Fetch, class Keep, class KeyOf, class Write>
boost::json::object scanned_answer(const Page<Parts...>& page, const Fetch& fetch, const Keep& keep, const KeyOf& key, const Write& write) {
  constexpr int chunk = 250;
  boost::json::object answer;
  boost::json::array items;
  auto after = page.after;
  for (int scanned = 0;; scanned += chunk) {
    const auto rows = fetch(after, chunk);
    for (const auto& row : rows) {
      if (keep(row)) {
        if (items.size() == static_cast<std::size_t>(page.limit)) {
          answer["next_cursor"] = cursor_of(page, *after);
          answer["items"] = std::move(items);
          return answer;
        }
        items.push_back(write(row));
      }
      after = key(row);
    }
    const bool all = rows.size() < chunk;
    if (!all && scanned + chunk < kMostScanned) continue;
    if (!all) answer["next_cursor"] = cursor_of(page, *after);
    answer["items"] = std::move(items);
    return answer;
  }
}

}  // namespace loa::api
