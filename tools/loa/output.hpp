#pragma once
#include <boost/json/array.hpp>
#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace loa::tool {

/// A column of a table: its heading, and the member of each item that it shows (dots go into objects).
struct Column {
  std::string heading;
  std::string member;
};

/// The text of one member of an item, as the tables show it; empty where it is absent.
std::string text_of(const boost::json::value& item, const std::string& member);

/// Prints items as a table whose columns are as wide as their widest text (counted in code points).
void print_table(const boost::json::array& items, const std::vector<Column>& columns);

/// Prints a value as JSON, indented.
void print_json(const boost::json::value& value);

/// A bar on standard error while something takes longer than a second; nothing where standard error is not a terminal.
class ProgressBar {
 public:
  explicit ProgressBar(std::string label);
  ~ProgressBar();
  void show(int percent);

 private:
  std::string label_;
  std::int64_t begun_ms_;
  bool drawn_ = false;
  bool terminal_;
};

}  // namespace loa::tool
