#include "protocol/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

namespace loa::protocol {

namespace json = boost::json;

const json::value* ObjectReader::take(const char* name, bool needed) {
  known_.emplace_back(name);
  if (refusal_) return nullptr;
  const json::value* found = object_.if_contains(name);
  if (!found && needed) refuse(RefusalCode::malformed, path_ + pointer_step(name), "the field is missing");
  return found;
}

void ObjectReader::refuse(Refusal refusal, std::string where) {
  if (refusal_) return;
  refusal.where = std::move(where);
  refusal_ = std::move(refusal);
}

void ObjectReader::constant(const char* name, std::string_view text) {
  std::string value;
  (*this)(name, value, TextRule{64});
  if (value == text) return;
  refuse(RefusalCode::wrong_audience, path_ + pointer_step(name), fmt::format("not \"{}\"", text));
}

void ObjectReader::format() {
  std::int64_t number = 0;
  (*this)("v", number, Range{1, 1'000'000});
  if (number == kFormat) return;
  refuse(RefusalCode::format_unknown, path_ + "/v",
         fmt::format("format {} is not known here, {} is", number, kFormat));
}

void ObjectReader::must(bool holds, const char* name, const char* message) {
  if (!holds) refuse(RefusalCode::malformed, path_ + pointer_step(name), message);
}

void ObjectReader::finish() {
  for (const auto& member : object_) {
    const std::string_view name{member.key().data(), member.key().size()};
    if (std::find(known_.begin(), known_.end(), name) == known_.end()) {
      refuse(RefusalCode::malformed, path_ + pointer_step(name), "the field is unknown");
    }
  }
}

void ObjectReader::read(const json::value& value_json, bool& value, const Anything&,
                        const std::string& where) {
  const bool* found = value_json.if_bool();
  if (!found) return refuse(RefusalCode::malformed, where, "not true or false");
  value = *found;
}

void ObjectReader::read(const json::value& value_json, std::int64_t& value, const Range& rule,
                        const std::string& where) {
  if (value_json.is_uint64())
    return refuse(RefusalCode::malformed, where, fmt::format("above {}", rule.high));
  const std::int64_t* found = value_json.if_int64();
  if (!found) return refuse(RefusalCode::malformed, where, "not a whole number");
  value = *found;
  check(broken(value, rule), where);
}

void ObjectReader::read(const json::value& value_json, int& value, const Range& rule,
                        const std::string& where) {
  std::int64_t wide = 0;
  const Range narrow{std::max<std::int64_t>(rule.low, std::numeric_limits<int>::min()),
                     std::min<std::int64_t>(rule.high, std::numeric_limits<int>::max())};
  read(value_json, wide, narrow, where);
  if (!refusal_) value = static_cast<int>(wide);
}

void ObjectReader::read(const json::value& value_json, double& value, const RealRange& rule,
                        const std::string& where) {
  if (value_json.is_int64()) {
    value = static_cast<double>(value_json.get_int64());
  } else if (value_json.is_double()) {
    value = value_json.get_double();
  } else {
    return refuse(RefusalCode::malformed, where, "not a number");
  }
  check(broken(value, rule), where);
}

void ObjectReader::read(const json::value& value_json, std::string& value, const TextRule& rule,
                        const std::string& where) {
  const json::string* found = value_json.if_string();
  if (!found) return refuse(RefusalCode::malformed, where, "not a text");
  value.assign(found->data(), found->size());
  check(broken(value, rule), where);
}

void ObjectReader::read(const json::value& value_json, scheduler::Millis& value, const Range& rule,
                        const std::string& where) {
  std::int64_t milliseconds = 0;
  read(value_json, milliseconds, rule, where);
  value = scheduler::Millis{milliseconds};
}

void ObjectReader::read(const json::value& value_json, TimePoint& value, const Anything&,
                        const std::string& where) {
  std::int64_t milliseconds = 0;
  read(value_json, milliseconds, kTimeMs, where);
  value = scheduler::from_ms(milliseconds);
}

void ObjectReader::read(const json::value& value_json, PublicKey& value, const Anything&,
                        const std::string& where) {
  std::string text_form;
  read(value_json, text_form, TextRule{64}, where);
  const auto key = public_key_from_text(text_form);
  if (!key) return refuse(key.error(), where);
  value = *key;
}

void ObjectReader::read(const json::value& value_json, std::map<std::string, std::int64_t>& value,
                        const List<Range>& rule, const std::string& where) {
  const json::object* object = value_json.if_object();
  if (!object) return refuse(RefusalCode::malformed, where, "not an object");
  check(broken_count(object->size(), rule.least, rule.most), where);
  for (const auto& member : *object) {
    if (refusal_) return;
    const std::string name{member.key().data(), member.key().size()};
    check(broken(name, word()), where + pointer_step(name));
    read(member.value(), value[name], rule.each, where + pointer_step(name));
  }
}

}  // namespace loa::protocol
