#include "controller/api/fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "protocol/json_document.hpp"

namespace loa::api {
namespace json = boost::json;

namespace {

constexpr std::size_t kMostFaults = 20;

std::string pointer_step(std::string_view name) {
  std::string step = "/";
  for (const char c : name) step += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return step;
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

bool has_control(std::string_view text, bool lines) {
  return std::any_of(text.begin(), text.end(), [lines](char c) {
    if (lines && (c == '\n' || c == '\t' || c == '\r')) return false;
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
  });
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// Two letters or more, then parts of letters and digits behind hyphens, each of at most eight. Narrower than what the wire takes.
bool is_language(std::string_view text) {
  const auto first = text.substr(0, text.find('-'));
  if (text.size() > 35 || first.size() < 2 || first.size() > 8 || !std::all_of(first.begin(), first.end(), is_letter)) return false;
  for (auto rest = text.substr(first.size()); !rest.empty();) {
    rest.remove_prefix(1);
    const auto part = rest.substr(0, rest.find('-'));
    const auto fits = [](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
    if (part.empty() || part.size() > 8 || !std::all_of(part.begin(), part.end(), fits)) return false;
    rest.remove_prefix(part.size());
  }
  return true;
}

}  // namespace

struct Fields::Faults {
  std::vector<http::ProblemPart> parts;
};

Fields::Fields(const json::object* object, std::string path, std::shared_ptr<Faults> faults)
    : x_object(object), x_path(std::move(path)), x_faults(std::move(faults)) {}

Fields Fields::parse(std::string_view body) {
  static const json::object empty;
  Fields fields(&empty, "", std::make_shared<Faults>());
  auto document = protocol::parse_json(body);
  if (document.has_error()) {
    fields.x_faults->parts.push_back({document.error().where, document.error().message, "not_json"});
  } else if (!document->is_object()) {
    fields.x_faults->parts.push_back({"", "the body is not a JSON object", "wrong_type"});
  } else {
    fields.x_document = std::make_shared<json::value>(std::move(*document));
    fields.x_object = &fields.x_document->get_object();
  }
  return fields;
}

const json::value* Fields::take(const char* name) {
  x_known.emplace_back(name);
  return x_object->if_contains(name);
}

void Fields::require(const char* name) {
  if (!x_object->contains(name)) fault(name, "missing_field", "this field is needed");
}

bool Fields::has_fault(std::string_view name) const {
  const auto pointer = x_path + pointer_step(name);
  return std::any_of(x_faults->parts.begin(), x_faults->parts.end(),
                     [&](const auto& part) { return part.pointer == pointer; });
}

void Fields::fault(std::string_view name, std::string code, std::string detail) {
  if (x_faults->parts.size() >= kMostFaults) return;
  x_faults->parts.push_back({x_path + pointer_step(name), std::move(detail), std::move(code)});
}

void Fields::refuse_unknown() {
  for (const auto& member : *x_object)
    if (std::find(x_known.begin(), x_known.end(), member.key()) == x_known.end())
      fault(member.key(), "unknown_field", "there is no such field");
}

std::optional<http::Problem> Fields::finish() {
  refuse_unknown();
  if (x_faults->parts.empty()) return {};
  const auto& first = x_faults->parts.front();
  const unsigned status = first.code == "not_json" ? 400 : 422;
  return http::Problem{status, first.code,
                       fmt::format("{}: {}.", first.pointer.empty() ? "The body" : first.pointer, first.detail),
                       x_faults->parts};
}

std::optional<std::string> Fields::read_text(const json::value& value, const std::string& name, TextRule rule) {
  if (!value.is_string()) {
    fault(name, "wrong_type", "a text is wanted here");
    return {};
  }
  const std::string_view text = value.get_string();
  const auto length = characters(text);
  if (length < rule.least || length > rule.most) {
    fault(name, length > rule.most ? "too_long" : "too_short",
          fmt::format("{} to {} characters are taken, these are {}", rule.least, rule.most, length));
    return {};
  }
  if (has_control(text, rule.lines)) {
    fault(name, "bad_text", "control characters are not taken here");
    return {};
  }
  return std::string(text);
}

std::optional<scheduler::TimePoint> Fields::read_time(const json::value& value, const std::string& name) {
  const auto text = read_text(value, name, {1, 40});
  if (!text) return {};
  auto time = scheduler::parse_rfc3339(*text);
  if (!time) fault(name, "bad_time", "an RFC 3339 date-time is wanted, such as 2026-11-24T06:00:00Z");
  return time;
}

std::optional<std::string> Fields::optional_language(const char* name) {
  auto text = optional_text(name, {2, 35});
  if (text && !is_language(*text)) fault(name, "bad_language", "a BCP 47 tag such as vi is wanted");
  return text;
}

std::optional<std::string> Fields::optional_text(const char* name, TextRule rule) {
  const auto* value = take(name);
  return value ? read_text(*value, name, rule) : std::nullopt;
}

std::string Fields::text(const char* name, TextRule rule) {
  require(name);
  return optional_text(name, rule).value_or("");
}

std::optional<std::int64_t> Fields::optional_integer(const char* name, std::int64_t least, std::int64_t most) {
  const auto* value = take(name);
  if (!value) return {};
  boost::system::error_code error;
  const auto number = value->is_int64() || value->is_uint64() ? value->to_number<std::int64_t>(error) : 0;
  if (!(value->is_int64() || value->is_uint64()) || error) {
    fault(name, "wrong_type", "a whole number is wanted here");
    return {};
  }
  if (number < least || number > most) {
    fault(name, "out_of_range", fmt::format("{} to {} is taken", least, most));
    return {};
  }
  return number;
}

std::int64_t Fields::integer(const char* name, std::int64_t least, std::int64_t most) {
  require(name);
  return optional_integer(name, least, most).value_or(least);
}

std::optional<double> Fields::optional_number(const char* name, double least, double most) {
  const auto* value = take(name);
  if (!value) return {};
  if (!value->is_number()) {
    fault(name, "wrong_type", "a number is wanted here");
    return {};
  }
  const auto number = value->to_number<double>();
  if (!(number >= least && number <= most)) {
    fault(name, "out_of_range", fmt::format("{} to {} is taken", least, most));
    return {};
  }
  return number;
}

std::optional<bool> Fields::optional_flag(const char* name) {
  const auto* value = take(name);
  if (!value) return {};
  if (!value->is_bool()) {
    fault(name, "wrong_type", "true or false is wanted here");
    return {};
  }
  return value->get_bool();
}

bool Fields::flag(const char* name) {
  require(name);
  return optional_flag(name).value_or(false);
}

scheduler::TimePoint Fields::time(const char* name) {
  require(name);
  const auto* value = take(name);
  return value ? read_time(*value, name).value_or(scheduler::TimePoint{}) : scheduler::TimePoint{};
}

std::optional<std::vector<std::string>> Fields::optional_texts(const char* name, std::size_t most, TextRule each) {
  const auto* value = take(name);
  if (!value) return {};
  if (!value->is_array() || value->get_array().size() > most) {
    fault(name, "wrong_type", fmt::format("a list of at most {} texts is wanted here", most));
    return {};
  }
  std::vector<std::string> texts;
  for (const auto& element : value->get_array())
    if (auto text = read_text(element, name, each)) texts.push_back(std::move(*text));
  return texts;
}

std::optional<std::vector<scheduler::TimePoint>> Fields::optional_times(const char* name, std::size_t most) {
  const auto* value = take(name);
  if (!value) return {};
  if (!value->is_array() || value->get_array().size() > most) {
    fault(name, "wrong_type", fmt::format("a list of at most {} times is wanted here", most));
    return {};
  }
  std::vector<scheduler::TimePoint> times;
  for (const auto& element : value->get_array())
    if (auto time = read_time(element, name)) times.push_back(*time);
  return times;
}

std::optional<std::size_t> Fields::optional_objects(const char* name, std::size_t least, std::size_t most,
                                                    const std::function<void(Fields&)>& read) {
  const auto* value = take(name);
  if (!value) return {};
  if (!value->is_array() || value->get_array().size() < least || value->get_array().size() > most) {
    fault(name, "wrong_type", fmt::format("a list of {} to {} objects is wanted here", least, most));
    return {};
  }
  std::size_t index = 0;
  for (const auto& element : value->get_array()) {
    const auto path = x_path + pointer_step(name) + "/" + std::to_string(index++);
    if (!element.is_object()) {
      fault(name, "wrong_type", "objects are wanted in this list");
      break;
    }
    Fields within(&element.get_object(), path, x_faults);
    read(within);
    within.refuse_unknown();
  }
  return index;
}

}  // namespace loa::api
