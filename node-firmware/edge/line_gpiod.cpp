#include <fmt/format.h>
#include <gpiod.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <optional>

#include "node-firmware/edge/line.hpp"
#include "node-firmware/edge/loaded_library.hpp"

namespace loa::node::edge {
namespace {

constexpr const char* kConsumer = "loa-node";

/// What is used of libgpiod.
struct Gpiod {
  LoadedLibrary library{"libgpiod.so.2", "libgpiod2"};
  decltype(gpiod_chip_open_lookup)* open = nullptr;
  decltype(gpiod_chip_close)* close = nullptr;
  decltype(gpiod_chip_get_line)* by_number = nullptr;
  decltype(gpiod_chip_find_line)* by_name = nullptr;
  decltype(gpiod_line_request_output_flags)* request_output = nullptr;
  decltype(gpiod_line_request_input_flags)* request_input = nullptr;
  decltype(gpiod_line_set_value)* set = nullptr;
  decltype(gpiod_line_get_value)* get = nullptr;

  Gpiod() {
    library.find("gpiod_chip_open_lookup", open);
    library.find("gpiod_chip_close", close);
    library.find("gpiod_chip_get_line", by_number);
    library.find("gpiod_chip_find_line", by_name);
    library.find("gpiod_line_request_output_flags", request_output);
    library.find("gpiod_line_request_input_flags", request_input);
    library.find("gpiod_line_set_value", set);
    library.find("gpiod_line_get_value", get);
  }
};

/// One requested line with its chip; closing the chip gives the line back.
class Held {
 public:
  Held(std::shared_ptr<Gpiod> gpiod, const LineAddress& address) : gpiod_(std::move(gpiod)), address_(address) {
    chip_ = gpiod_->open(address_.chip.c_str());
    if (!chip_) fail("cannot open the chip");
    try {
      find();
    } catch (...) {
      gpiod_->close(chip_);
      throw;
    }
  }
  ~Held() { gpiod_->close(chip_); }
  Held(const Held&) = delete;
  Held& operator=(const Held&) = delete;

  void request_output(bool active) {
    if (gpiod_->request_output(line_, kConsumer, flags(), active ? 1 : 0) != 0) fail("cannot be driven");
  }
  void request_input() {
    if (gpiod_->request_input(line_, kConsumer, flags()) != 0) fail("cannot be read");
  }
  void set(bool active) {
    if (gpiod_->set(line_, active ? 1 : 0) != 0) fail("cannot be set");
  }
  bool get() {
    const int value = gpiod_->get(line_);
    if (value < 0) fail("cannot be read");
    return value != 0;
  }

 private:
  void find() {
    unsigned number = 0;
    const char* end = address_.line.data() + address_.line.size();
    const auto read = std::from_chars(address_.line.data(), end, number);
    const bool is_number = read.ec == std::errc() && read.ptr == end;
    errno = 0;
    line_ = is_number ? gpiod_->by_number(chip_, number) : gpiod_->by_name(chip_, address_.line.c_str());
    if (!line_) fail("the chip has no such line");
  }
  int flags() const { return address_.active_low ? GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW : 0; }
  [[noreturn]] void fail(const char* what) const {
    const int error = errno;
    const char* hint = error == EBUSY    ? "; another program holds it"
                       : error == EACCES ? "; the account may not open it, see the udev rule in docs/operations.md"
                                         : "";
    throw LineError(fmt::format("line {} of {}: {}{}{}{}", address_.line, address_.chip, what, error ? ": " : "",
                                error ? std::strerror(error) : "", hint));
  }

  std::shared_ptr<Gpiod> gpiod_;
  LineAddress address_;
  gpiod_chip* chip_ = nullptr;
  gpiod_line* line_ = nullptr;
};

class GpiodOutput final : public OutputLine {
 public:
  GpiodOutput(std::shared_ptr<Gpiod> gpiod, const LineAddress& address, bool active) : held_(std::move(gpiod), address) {
    held_.request_output(active);
  }
  void set(bool active) override { held_.set(active); }

 private:
  Held held_;
};

class GpiodInput final : public InputLine {
 public:
  GpiodInput(std::shared_ptr<Gpiod> gpiod, const LineAddress& address) : held_(std::move(gpiod), address) { held_.request_input(); }
  bool active() override { return held_.get(); }

 private:
  Held held_;
};

class GpiodLines final : public Lines {
 public:
  std::unique_ptr<OutputLine> output(const LineAddress& address, bool active) override {
    return std::make_unique<GpiodOutput>(gpiod(), address, active);
  }
  std::unique_ptr<InputLine> input(const LineAddress& address) override { return std::make_unique<GpiodInput>(gpiod(), address); }

 private:
  std::shared_ptr<Gpiod> gpiod() {
    if (gpiod_) return gpiod_;
    try {
      gpiod_ = std::make_shared<Gpiod>();
    } catch (const std::runtime_error& error) {
      throw LineError(error.what());
    }
    return gpiod_;
  }
  std::shared_ptr<Gpiod> gpiod_;
};

}  // namespace

std::unique_ptr<Lines> make_gpiod_lines() { return std::make_unique<GpiodLines>(); }

}  // namespace loa::node::edge
