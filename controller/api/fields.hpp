#pragma once
#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/http/problem.hpp"
#include "scheduler/time.hpp"

namespace loa::api {

/// Bounds of a text in characters, and whether line breaks may be in it.
struct TextRule {
  std::size_t least = 0;
  std::size_t most = 0;
  bool lines = false;
};

/// Reads one JSON object of a request strictly: every fault is kept with its JSON pointer, and finish() gives them together, unknown
/// members too. What could not be read comes back as an empty value, so finish() must be asked before any of it is used.
class Fields {
 public:
  /// The object in `body`; a text that is none is itself a fault.
  static Fields parse(std::string_view body);

  std::string text(const char* name, TextRule rule);
  std::optional<std::string> optional_text(const char* name, TextRule rule);
  /// A BCP 47 tag by its shape, `vi` or `zh-Hant`, in either case: what nodes take in plans, alerts and records.
  std::optional<std::string> optional_language(const char* name);
  std::optional<std::int64_t> optional_integer(const char* name, std::int64_t least, std::int64_t most);
  std::int64_t integer(const char* name, std::int64_t least, std::int64_t most);
  std::optional<double> optional_number(const char* name, double least, double most);
  std::optional<bool> optional_flag(const char* name);
  bool flag(const char* name);
  scheduler::TimePoint time(const char* name);
  std::optional<std::vector<std::string>> optional_texts(const char* name, std::size_t most, TextRule each);
  std::optional<std::vector<scheduler::TimePoint>> optional_times(const char* name, std::size_t most);
  /// A list of objects; `read` is called for each.
  std::optional<std::size_t> optional_objects(const char* name, std::size_t least, std::size_t most,
                                              const std::function<void(Fields&)>& read);

  /// One of the values of an enumeration by its name; `of` gives nothing for other words.
  template <class E>
  std::optional<E> optional_name(const char* name, std::optional<E> (*of)(std::string_view)) {
    const auto word = optional_text(name, {1, 40});
    if (!word) return {};
    auto value = of(*word);
    if (!value && !has_fault(name)) fault(name, "unknown_value", "there is no \"" + *word + "\" here");
    return value;
  }
  template <class E>
  E name(const char* name, std::optional<E> (*of)(std::string_view)) {
    require(name);
    return optional_name<E>(name, of).value_or(E{});
  }

  /// Whether the member is there.
  bool has(std::string_view name) const { return x_object->contains(name); }
  /// Adds a fault at a member.
  void fault(std::string_view name, std::string code, std::string detail);
  /// Everything that was wrong, unknown members included; nothing where all is well. Call last.
  std::optional<http::Problem> finish();

 private:
  struct Faults;
  Fields(const boost::json::object* object, std::string path, std::shared_ptr<Faults> faults);
  const boost::json::value* take(const char* name);
  void require(const char* name);
  bool has_fault(std::string_view name) const;
  void refuse_unknown();
  std::optional<std::string> read_text(const boost::json::value& value, const std::string& name, TextRule rule);
  std::optional<scheduler::TimePoint> read_time(const boost::json::value& value, const std::string& name);

  std::shared_ptr<boost::json::value> x_document;  // keeps what x_object points into
  const boost::json::object* x_object = nullptr;
  std::string x_path;
  std::vector<std::string> x_known;
  std::shared_ptr<Faults> x_faults;
};

}  // namespace loa::api
