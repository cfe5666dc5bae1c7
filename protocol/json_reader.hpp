#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "protocol/ed25519.hpp"
#include "protocol/enum_names.hpp"
#include "protocol/json_document.hpp"
#include "protocol/messages.hpp"
#include "protocol/rules.hpp"

namespace loa::protocol {

/// Reads one JSON object through the `describe` of its type. The first refusal stands; everything after it is
/// passed over.
class ObjectReader {
 public:
  static constexpr bool kReads = true;

  ObjectReader(const boost::json::object& object, std::string path, std::optional<Refusal>& refusal)
      : object_{object}, path_{std::move(path)}, refusal_{refusal} {}

  /// A field that must be there.
  template <class T, class Rule = Anything>
  void operator()(const char* name, T& value, const Rule& rule = {}) {
    if (const auto* found = take(name, true)) read(*found, value, rule, path_ + pointer_step(name));
  }

  /// A field that may be absent.
  template <class T, class Rule = Anything>
  void operator()(const char* name, std::optional<T>& value, const Rule& rule = {}) {
    if (const auto* found = take(name, false))
      read(*found, value.emplace(), rule, path_ + pointer_step(name));
  }

  /// A field with one possible text, as `aud` of messages to the controller.
  void constant(const char* name, std::string_view text);
  /// `v`: kFormat, or the message is refused as format_unknown.
  void format();
  /// A rule between fields; `name` is the field to point at.
  void must(bool holds, const char* name, const char* message);
  /// Refuses what nothing described; call last.
  void finish();

 private:
  const boost::json::value* take(const char* name, bool needed);
  void refuse(Refusal refusal, std::string where);
  void refuse(RefusalCode code, std::string where, std::string message) {
    refuse({code, {}, std::move(message)}, std::move(where));
  }
  void check(std::optional<Refusal> problem, const std::string& where) {
    if (problem) refuse(*std::move(problem), where);
  }

  void read(const boost::json::value& json, bool& value, const Anything&, const std::string& where);
  void read(const boost::json::value& json, std::int64_t& value, const Range& rule, const std::string& where);
  void read(const boost::json::value& json, int& value, const Range& rule, const std::string& where);
  void read(const boost::json::value& json, double& value, const RealRange& rule, const std::string& where);
  void read(const boost::json::value& json, std::string& value, const TextRule& rule,
            const std::string& where);
  void read(const boost::json::value& json, scheduler::Millis& value, const Range& rule,
            const std::string& where);
  void read(const boost::json::value& json, TimePoint& value, const Anything&, const std::string& where);
  void read(const boost::json::value& json, PublicKey& value, const Anything&, const std::string& where);
  void read(const boost::json::value& json, std::map<std::string, std::int64_t>& value,
            const List<Range>& rule, const std::string& where);

  template <class T, class Each>
  void read(const boost::json::value& json, std::vector<T>& value, const List<Each>& rule,
            const std::string& where) {
    const auto* array = json.if_array();
    if (!array) return refuse(RefusalCode::malformed, where, "not a list");
    check(broken_count(array->size(), rule.least, rule.most), where);
    for (const auto& element : *array) {
      if (refusal_) return;
      const std::string place = where + "/" + std::to_string(value.size());
      read(element, value.emplace_back(), rule.each, place);
    }
  }

  template <class T>
  requires std::is_class_v<T>
  void read(const boost::json::value& json, T& value, const Anything&, const std::string& where) {
    const auto* object = json.if_object();
    if (!object) return refuse(RefusalCode::malformed, where, "not an object");
    ObjectReader within{*object, where, refusal_};
    describe(within, value);
    within.finish();
  }

  template <class E>
  requires std::is_enum_v<E>
  void read(const boost::json::value& json, E& value, const Anything&, const std::string& where) {
    std::string name;
    read(json, name, TextRule{40}, where);
    const auto found = enum_from_name<E>(name);
    if (!found) return refuse(RefusalCode::malformed, where, "not one of " + enum_names<E>());
    value = *found;
  }

  const boost::json::object& object_;
  std::string path_;
  std::optional<Refusal>& refusal_;
  std::vector<std::string_view> known_;
};

/// The value in `text`, refused as the rules of its `describe` say.
template <class T>
Result<T> read_json(std::string_view text) {
  auto document = parse_json(text);
  if (!document) return document.error();
  const auto* object = document->if_object();
  if (!object) return Refusal{RefusalCode::malformed, "", "not an object"};
  std::optional<Refusal> refusal;
  ObjectReader reader{*object, "", refusal};
  T value;
  describe(reader, value);
  reader.finish();
  if (refusal) return *std::move(refusal);
  return value;
}

}  // namespace loa::protocol
