#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>
#include <sstream>
#include <thread>

#include "tools/loa/command.hpp"
#include "tools/loa/session_file.hpp"

namespace loa::tool {

namespace {

constexpr std::size_t kMaxTextBytes = 1 << 20;

std::string read_bounded(std::istream& in, const std::string& name) {
  std::string text(kMaxTextBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxTextBytes) throw CommandError(kRefused, fmt::format("{} is larger than 1 MiB", name));
  return text;
}

}  // namespace

Client Context::client() const { return Client(load_session(session_file)); }

void Context::show(const boost::json::array& items, const std::vector<Column>& columns) const {
  if (json)
    print_json(items);
  else
    print_table(items, columns);
}

void Context::show(const boost::json::value& object, const std::string& sentence) const {
  if (json)
    print_json(object);
  else
    fmt::print("{}\n", sentence);
}

std::string read_text(const std::string& file) {
  if (file == "-") return read_bounded(std::cin, "standard input");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw CommandError(kRefused, fmt::format("cannot read {}", file));
  return read_bounded(in, file);
}

std::string read_secret(const std::string& file) {
  const auto text = read_text(file);
  return text.substr(0, text.find_first_of("\r\n"));
}

void wait_until(int seconds, const std::string& what, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (!done()) {
    if (std::chrono::steady_clock::now() >= end)
      throw CommandError(kTimeLimit, fmt::format("{} did not come within {} s", what, seconds));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
  }
}

}  // namespace loa::tool
