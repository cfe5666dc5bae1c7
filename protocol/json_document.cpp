#include "protocol/json_document.hpp"

#include <fmt/format.h>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/value_stack.hpp>
#include <charconv>
#include <cmath>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "protocol/limits.hpp"
#include "protocol/rules.hpp"
#include "protocol/utf8.hpp"

namespace loa::protocol {
namespace {

namespace json = boost::json;
using Text = json::string_view;
using Error = json::error_code;

/// One open object or list of the document, to say where the parser stands and which keys it has seen.
struct Level {
  bool is_object;
  std::set<std::string, std::less<>> keys;
  std::string key;
  std::size_t index = 0;
};

/// Boost's parser events: builds the value as Boost's own handler does, and sees what that one forgives.
struct StrictHandler {
  static constexpr std::size_t max_object_size = std::size_t(-1);
  static constexpr std::size_t max_array_size = std::size_t(-1);
  static constexpr std::size_t max_key_size = std::size_t(-1);
  static constexpr std::size_t max_string_size = std::size_t(-1);

  json::value_stack values;
  std::vector<Level> levels;
  std::optional<Refusal> refusal;
  std::string key;
  std::string number;

  std::string pointer() const {
    std::string where;
    for (const Level& level : levels)
      where += level.is_object ? pointer_step(level.key) : "/" + std::to_string(level.index);
    return where;
  }

  bool open(bool is_object) {
    levels.push_back({is_object, {}, {}, 0});
    return true;
  }
  bool close() {
    levels.pop_back();
    return next();
  }
  bool next() {
    if (!levels.empty() && !levels.back().is_object) ++levels.back().index;
    return true;
  }

  bool on_document_begin(Error&) { return true; }
  bool on_document_end(Error&) { return true; }
  bool on_object_begin(Error&) { return open(true); }
  bool on_object_end(std::size_t count, Error&) {
    values.push_object(count);
    return close();
  }
  bool on_array_begin(Error&) { return open(false); }
  bool on_array_end(std::size_t count, Error&) {
    values.push_array(count);
    return close();
  }
  bool on_key_part(Text part, std::size_t, Error&) {
    key.append(part.data(), part.size());
    values.push_chars(part);
    return true;
  }
  bool on_key(Text part, std::size_t, Error& error) {
    key.append(part.data(), part.size());
    values.push_key(part);
    Level& level = levels.back();
    level.key = std::move(key);
    key.clear();
    if (level.keys.insert(level.key).second) return true;
    refusal = Refusal{RefusalCode::malformed, pointer(), "the field stands twice"};
    error = json::make_error_code(json::error::syntax);
    return false;
  }
  bool on_string_part(Text part, std::size_t, Error&) {
    values.push_chars(part);
    return true;
  }
  bool on_string(Text part, std::size_t, Error&) {
    values.push_string(part);
    return next();
  }
  bool on_number_part(Text part, Error&) {
    number.append(part.data(), part.size());
    return true;
  }
  bool on_int64(std::int64_t value, Text, Error&) {
    number.clear();
    values.push_int64(value);
    return next();
  }
  bool on_uint64(std::uint64_t value, Text, Error&) {
    number.clear();
    values.push_uint64(value);
    return next();
  }
  // Boost 1.81 rounds some fractions to a neighbour; the standard library reads the nearest.
  bool on_double(double value, Text part, Error& error) {
    number.append(part.data(), part.size());
    std::from_chars(number.data(), number.data() + number.size(), value);
    number.clear();
    if (!std::isfinite(value)) {
      refusal = Refusal{RefusalCode::malformed, pointer(), "a number that is larger than any that can be read"};
      error = json::make_error_code(json::error::syntax);
      return false;
    }
    values.push_double(value);
    return next();
  }
  bool on_bool(bool value, Error&) {
    values.push_bool(value);
    return next();
  }
  bool on_null(Error&) {
    values.push_null();
    return next();
  }
  bool on_comment_part(Text, Error&) { return true; }
  bool on_comment(Text, Error&) { return true; }
};

json::parse_options strict_options() {
  json::parse_options options;
  options.max_depth = kMaxDepth;
  return options;
}

Refusal refusal_of(const StrictHandler& handler, const Error& error, std::size_t byte) {
  if (handler.refusal) return *handler.refusal;
  if (error == json::error::too_deep) {
    return {RefusalCode::too_large, handler.pointer(),
            fmt::format("nested deeper than {} levels", kMaxDepth)};
  }
  return {RefusalCode::malformed, handler.pointer(),
          fmt::format("not JSON at byte {}: {}", byte, error.message())};
}

}  // namespace

Result<json::value> parse_json(std::string_view text) {
  if (const auto byte = first_invalid_utf8(text)) {
    return Refusal{RefusalCode::malformed, "", fmt::format("not UTF-8 at byte {}", *byte)};
  }
  json::basic_parser<StrictHandler> parser{strict_options()};
  StrictHandler& handler = parser.handler();
  handler.values.reset();
  Error error;
  const std::size_t taken = parser.write_some(false, text.data(), text.size(), error);
  if (!error && taken < text.size()) error = json::make_error_code(json::error::extra_data);
  if (error) return refusal_of(handler, error, taken);
  return handler.values.release();
}

}  // namespace loa::protocol
