#include "node-firmware/log_squeezer.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>

namespace loa::node {

namespace {

constexpr int kWords = 4;
constexpr std::size_t kLongestKind = 120;

}  // namespace

std::string kind_of(spdlog::level::level_enum level, std::string_view line) {
  std::string kind = std::to_string(static_cast<int>(level));
  for (int word = 0; word < kWords && !line.empty() && kind.size() < kLongestKind; ++word) {
    const auto text = line.substr(0, line.find(' '));
    const bool number = text.find_first_of("0123456789") != std::string_view::npos;
    kind += ' ';
    kind += number ? std::string_view("#") : text.substr(0, kLongestKind - kind.size());
    line.remove_prefix(std::min(line.size(), text.size() + 1));
  }
  return kind;
}

LogSqueezer::LogSqueezer(std::shared_ptr<spdlog::sinks::sink> inner, std::function<std::chrono::nanoseconds()> now)
    : inner_(std::move(inner)), now_(std::move(now)) {}

void LogSqueezer::sink_it_(const spdlog::details::log_msg& message) {
  const auto now = now_();
  close_old(now);
  const std::string_view line(message.payload.data(), message.payload.size());
  auto name = kind_of(message.level, line);
  auto found = kinds_.find(name);
  if (found == kinds_.end()) {
    if (kinds_.size() >= kKinds) make_room();
    found = kinds_.emplace(std::move(name), Kind{now, now, 0, 0, {}, message.level}).first;
  }
  auto& kind = found->second;
  kind.last = now;
  if (kind.passed < kMost) {
    ++kind.passed;
    inner_->log(message);
    return;
  }
  ++kind.held;
  kind.line = line;
}

void LogSqueezer::say(const Kind& kind) {
  if (kind.held == 0) return;
  const auto text = fmt::format("{} more lines like this one: {}", kind.held, kind.line);
  inner_->log(spdlog::details::log_msg("", kind.level, text));
}

void LogSqueezer::close_old(std::chrono::nanoseconds now) {
  std::erase_if(kinds_, [&](const auto& entry) {
    if (now - entry.second.begin < kWindow) return false;
    say(entry.second);
    return true;
  });
}

void LogSqueezer::make_room() {
  const auto oldest = std::min_element(kinds_.begin(), kinds_.end(), [](const auto& a, const auto& b) { return a.second.last < b.second.last; });
  say(oldest->second);
  kinds_.erase(oldest);
}

void LogSqueezer::flush_() {
  close_old(now_());
  inner_->flush();
}

void LogSqueezer::set_pattern_(const std::string& pattern) { inner_->set_pattern(pattern); }
void LogSqueezer::set_formatter_(std::unique_ptr<spdlog::formatter> formatter) { inner_->set_formatter(std::move(formatter)); }

void squeeze_default_log() {
  for (auto& sink : spdlog::default_logger()->sinks())
    sink = std::make_shared<LogSqueezer>(sink, [] { return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()); });
}

}  // namespace loa::node
