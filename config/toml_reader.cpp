#include "config/toml_reader.hpp"

#include <fmt/format.h>

// toml++ 3.3 asserts, and then refuses in order, at some texts that anybody may write, such as "[ #": without the assertion a debug build does
// what a release does.
#define TOML_ASSERT(expr) static_assert(true)
#include <toml++/toml.h>

#include <charconv>
#include <fstream>
#include <set>
#include <sstream>
#include <utility>

namespace loa::config {

namespace {

constexpr std::uintmax_t kMaxFileBytes = 1 << 20;

std::string read_bounded(const std::filesystem::path& file) {
  std::error_code error;
  const auto size = std::filesystem::file_size(file, error);
  if (error) throw ConfigError(fmt::format("{}: cannot read: {}", file.string(), error.message()));
  if (size > kMaxFileBytes)
    throw ConfigError(fmt::format("{}: {} bytes, more than the {} allowed", file.string(), size, kMaxFileBytes));
  std::ifstream in(file, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  if (!in) throw ConfigError(fmt::format("{}: cannot read", file.string()));
  return out.str();
}

/// Where in a TOML text a character stands, as far as must be known to tell what may stand there.
class Place {
 public:
  /// Goes on to the character at `at`; true where it belongs to a comment or to a text in quotes.
  bool is_free_text(std::string_view text, std::size_t at) {
    const char c = text[at];
    constexpr std::string_view kBlanks = " \t\r\n";
    const bool behind_backslash = std::exchange(behind_backslash_, false);
    if (behind_backslash && kBlanks.find(c) != std::string_view::npos && (c != '\n' || quote_.size() > 1)) {
      skip_ = 0;
      return !(behind_backslash_ = true);
    }
    if (skip_ > 0) return --skip_, !behind_backslash;
    if (quote_.empty() && !comment_) {
      comment_ = c == '#';
      if (c == '"' || c == '\'') open(text.substr(at));
    } else if (comment_ ? c == '\n' : c == '\n' && quote_.size() == 1) {
      comment_ = false;
      quote_ = {};
    } else if (!comment_ && c == '\\' && quote_.front() == '"') {
      skip_ = 1;
      behind_backslash_ = true;
    } else if (!comment_ && text.substr(at).starts_with(quote_)) {
      skip_ = quote_.size() - 1;
      quote_ = {};
    } else {
      return !behind_backslash;
    }
    return false;
  }

  bool in_free_text() const { return comment_ || skip_ > 0 || !quote_.empty(); }

 private:
  void open(std::string_view from) {
    const bool tripled = from.size() > 2 && from[1] == from[0] && from[2] == from[0];
    quote_ = from.substr(0, tripled ? 3 : 1);
    skip_ = quote_.size() - 1;
  }
  std::string_view quote_;  // what ends the text that it is in
  std::size_t skip_ = 0;
  bool behind_backslash_ = false;  // also through the blanks of the lines that it joins, where toml++ does not tell every character from a blank
  bool comment_ = false;
};

/// TOML 1.0 takes no control characters but tab and the end of a line, and others than ASCII only in comments and texts. toml++ 3.3 lets some
/// through to places that it takes for unreachable.
void refuse_misplaced_characters(std::string_view text, const std::string& name) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  int line = 1, column = 1;
  Place place;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const auto code = static_cast<unsigned char>(c);
    const bool was_free = place.in_free_text();
    const bool free_text = place.is_free_text(text, i);
    constexpr std::string_view kBeforeText = " \t\r\n=,[{.";
    if (!was_free && (c == '"' || c == '\'') && i > 0 && kBeforeText.find(text[i - 1]) == std::string_view::npos)
      throw ConfigError(fmt::format("{}:{}:{}: no text in quotes may begin here", name, line, column));
    if ((code < 0x20 && c != '\t' && c != '\n' && c != '\r') || code == 0x7f)
      throw ConfigError(fmt::format("{}:{}:{}: the control character 0x{:02x} has no place here", name, line, column, code));
    if (code >= 0x80 && !free_text)
      throw ConfigError(fmt::format("{}:{}:{}: only a text in quotes or a comment may hold other characters than ASCII, and none of these may follow a backslash", name, line, column));
    line += c == '\n';
    column = c == '\n' ? 1 : column + ((code & 0xc0) != 0x80);
  }
}

std::string at(const std::string& file, const toml::source_region& source, const std::string& message) {
  return fmt::format("{}:{}:{}: {}", file, source.begin.line, source.begin.column, message);
}

}  // namespace

struct Section::Node {
  std::shared_ptr<toml::table> document;  // keeps `table` alive
  const toml::table* table = nullptr;     // null: the table is absent, every key has its fallback
  std::string file;
  std::filesystem::path folder;
  std::string name;                       // dotted name of the table, for messages
  toml::source_region place;
  std::set<std::string, std::less<>> asked;
  std::vector<std::shared_ptr<Node>> below;

  const toml::node* find(const char* key) {
    asked.emplace(key);
    return table ? table->get(key) : nullptr;
  }
  std::string full(const char* key) const { return name.empty() ? key : name + "." + key; }
  [[noreturn]] void refuse(const toml::node& node, const std::string& message) const {
    throw ConfigError(at(file, node.source(), message));
  }
};

Section::Section(std::shared_ptr<Node> node) : node_(std::move(node)) {}
Section::~Section() = default;
Section::Section(Section&&) noexcept = default;
Section& Section::operator=(Section&&) noexcept = default;

std::string Section::text(const char* key, std::string fallback) {
  const auto* found = node_->find(key);
  if (!found) return fallback;
  if (const auto value = found->value_exact<std::string>()) return *value;
  node_->refuse(*found, fmt::format("`{}` must be text", node_->full(key)));
}

std::string Section::required_text(const char* key) {
  auto value = text(key, "");
  if (value.empty()) refuse(key, fmt::format("`{}` is missing", node_->full(key)));
  return value;
}

std::int64_t Section::integer(const char* key, std::int64_t fallback, std::int64_t least, std::int64_t most) {
  const auto* found = node_->find(key);
  if (!found) return fallback;
  const auto value = found->value_exact<std::int64_t>();
  if (!value) node_->refuse(*found, fmt::format("`{}` must be a whole number", node_->full(key)));
  if (*value < least || *value > most)
    node_->refuse(*found, fmt::format("`{}` must be from {} to {}, not {}", node_->full(key), least, most, *value));
  return *value;
}

bool Section::flag(const char* key, bool fallback) {
  const auto* found = node_->find(key);
  if (!found) return fallback;
  if (const auto value = found->value_exact<bool>()) return *value;
  node_->refuse(*found, fmt::format("`{}` must be true or false", node_->full(key)));
}

std::vector<std::string> Section::texts(const char* key, std::vector<std::string> fallback, std::size_t most) {
  const auto* found = node_->find(key);
  if (!found) return fallback;
  const auto* list = found->as_array();
  if (!list) node_->refuse(*found, fmt::format("`{}` must be a list of texts", node_->full(key)));
  if (list->size() > most)
    node_->refuse(*found, fmt::format("`{}` may have at most {} entries", node_->full(key), most));
  std::vector<std::string> values;
  for (const auto& element : *list) {
    const auto value = element.value_exact<std::string>();
    if (!value) node_->refuse(element, fmt::format("`{}` must be a list of texts", node_->full(key)));
    values.push_back(*value);
  }
  return values;
}

std::chrono::milliseconds Section::duration(const char* key, std::chrono::milliseconds fallback,
                                            std::chrono::milliseconds least, std::chrono::milliseconds most) {
  const auto* found = node_->find(key);
  if (!found) return fallback;
  const auto bad = [&] {
    node_->refuse(*found, fmt::format("`{}` must be a whole number with a unit, like \"250ms\", \"5s\", \"30m\", "
                                      "\"2h\" or \"7d\"", node_->full(key)));
  };
  const auto value = found->value_exact<std::string>();
  if (!value) bad();
  std::int64_t count = 0;
  const auto* end = value->data() + value->size();
  const auto [rest, error] = std::from_chars(value->data(), end, count);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  const std::int64_t factor = unit == "ms"  ? 1
                              : unit == "s" ? 1'000
                              : unit == "m" ? 60'000
                              : unit == "h" ? 3'600'000
                              : unit == "d" ? 86'400'000
                                            : 0;
  if (error != std::errc{} || factor == 0 || count < 0 || count > 1'000'000'000) bad();
  const std::chrono::milliseconds result(count * factor);
  if (result < least || result > most)
    node_->refuse(*found, fmt::format("`{}` must be from {} ms to {} ms", node_->full(key), least.count(), most.count()));
  return result;
}

std::filesystem::path Section::path(const char* key, const std::filesystem::path& fallback) {
  const std::filesystem::path value = text(key, fallback.string());
  return value.empty() || value.is_absolute() ? value : node_->folder / value;
}

Section Section::table(const char* key) {
  const auto* found = node_->find(key);
  auto below = std::make_shared<Node>();
  below->document = node_->document;
  below->file = node_->file;
  below->folder = node_->folder;
  below->name = node_->full(key);
  below->place = node_->place;
  if (found) {
    below->table = found->as_table();
    if (!below->table) node_->refuse(*found, fmt::format("`{}` must be a table", node_->full(key)));
    below->place = found->source();
  }
  node_->below.push_back(below);
  return Section(below);
}

void Section::finish() const {
  if (node_->table)
    for (const auto& [key, value] : *node_->table)
      if (!node_->asked.count(key.str()))
        throw ConfigError(at(node_->file, key.source(),
                             fmt::format("unknown key `{}`", node_->full(std::string(key.str()).c_str()))));
  for (const auto& below : node_->below) Section(below).finish();
}

void Section::refuse(const char* key, const std::string& message) const {
  const auto* found = node_->find(key);
  throw ConfigError(at(node_->file, found ? found->source() : node_->place, message));
}

TomlFile::TomlFile(const std::filesystem::path& file) : TomlFile(read_bounded(file), file.string()) {}

TomlFile::TomlFile(const std::string& text, const std::string& name) : root_(std::make_shared<Section::Node>()) {
  auto& node = *root_.node_;
  node.file = name;
  node.folder = std::filesystem::absolute(name).parent_path();
  refuse_misplaced_characters(text, name);
  try {
    node.document = std::make_shared<toml::table>(toml::parse(text, name));
  } catch (const toml::parse_error& error) {
    throw ConfigError(at(name, error.source(), std::string(error.description())));
  }
  node.table = node.document.get();
  node.place = node.document->source();
}

}  // namespace loa::config
