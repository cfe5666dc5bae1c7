// Stands in for libgpiod.so.2 (see FakeGpiod) in the process that drives lines: this kind of machine has no gpiochip.
#include <gpiod.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

struct gpiod_chip {
  std::string name;
  std::string folder;
};

struct gpiod_line {
  std::string name;
  gpiod_chip* chip = nullptr;
  bool active_low = false;
};

namespace {

// One line at a time and chip, which is what the node asks for; it lives until the process ends.
gpiod_line* line_of(gpiod_chip* chip, const std::string& name) { return new gpiod_line{name, chip, false}; }

// A kernel's own words go to a file, whole lines at a time: NANOSECONDS WORD LINE LEVEL.
void tell(const gpiod_line& line, const char* word, int level) {
  const auto ns = std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
  std::ofstream out(line.chip->folder + "/changes", std::ios::app);
  out << (std::to_string(ns) + " " + word + " " + line.name + " " + std::to_string(level) + "\n") << std::flush;
}

bool fails(const gpiod_line& line, const char* how) {
  if (!std::filesystem::exists(line.chip->folder + "/" + how + "-" + line.name)) return false;
  errno = EBUSY;
  return true;
}

int level_of(const gpiod_line& line, int value) { return line.active_low ? 1 - value : value; }

}  // namespace

extern "C" {

gpiod_chip* gpiod_chip_open_lookup(const char* name) {
  const char* folder = std::getenv("LOA_FAKE_GPIO");
  if (folder && std::string(name) == "gpiochip0") return new gpiod_chip{name, folder};
  errno = ENOENT;
  return nullptr;
}

void gpiod_chip_close(gpiod_chip* chip) { delete chip; }

gpiod_line* gpiod_chip_get_line(gpiod_chip* chip, unsigned int number) {
  if (number < 32) return line_of(chip, std::to_string(number));
  errno = EINVAL;
  return nullptr;
}

gpiod_line* gpiod_chip_find_line(gpiod_chip* chip, const char* name) {
  if (std::string(name) == "AMP_FAULT") return line_of(chip, name);
  errno = ENOENT;
  return nullptr;
}

int gpiod_line_request_output_flags(gpiod_line* line, const char*, int flags, int value) {
  if (fails(*line, "busy")) return -1;
  line->active_low = (flags & GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW) != 0;
  tell(*line, "output", level_of(*line, value));
  return 0;
}

int gpiod_line_request_input_flags(gpiod_line* line, const char*, int flags) {
  if (fails(*line, "busy")) return -1;
  line->active_low = (flags & GPIOD_LINE_REQUEST_FLAG_ACTIVE_LOW) != 0;
  return 0;
}

int gpiod_line_set_value(gpiod_line* line, int value) {
  if (fails(*line, "broken")) return -1;
  tell(*line, "set", level_of(*line, value));
  return 0;
}

int gpiod_line_get_value(gpiod_line* line) {
  if (fails(*line, "broken")) return -1;
  const int level = std::filesystem::exists(line->chip->folder + "/high-" + line->name) ? 1 : 0;
  return level_of(*line, level);
}
}
