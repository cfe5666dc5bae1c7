#include "node-firmware/kept_files.hpp"

#include <spdlog/spdlog.h>

#include <system_error>

namespace loa::node {

namespace {

std::string copy_of(const std::string& name) { return name + ".copy"; }

}  // namespace

void KeptFiles::lose(const std::string& name, const std::string& why, std::size_t most) {
  spdlog::error("{}: damaged: {} (set aside as {}.damaged)", path(name).string(), why, name);
  losses_.push_back({name, why});
  set_aside(path(name), most);
}

std::optional<std::string> KeptFiles::read(const std::string& name, std::size_t most, const char* without) {
  std::error_code error;
  const auto kind = std::filesystem::status(path(name), error).type();
  if (kind == std::filesystem::file_type::not_found && !std::filesystem::is_symlink(path(name), error)) return std::nullopt;
  if (kind != std::filesystem::file_type::regular) {
    lose(name, std::string("not a file; ") + without);
    return std::nullopt;
  }
  try {
    return read_whole(path(name), most);
  } catch (const std::system_error& unreadable) {
    lose(name, unreadable.code().message() + "; " + without, most);
    return std::nullopt;
  }
}

std::optional<std::string> KeptFiles::read_twice(const std::string& name, std::size_t most, const char* without,
                                                 const std::function<std::string(const std::string&)>& good) {
  const auto taken = [&](const std::string& which, const char* then) {
    auto text = read(which, most, then);
    if (!text) return text;
    if (const auto wrong = good(*text); !wrong.empty()) {
      lose(which, wrong + "; " + then);
      text.reset();
    }
    return text;
  };
  if (auto text = taken(name, "its copy is tried")) {
    if (taken(copy_of(name), "made anew") != text) write_copy(name, *text, {});
    return text;
  }
  auto copy = taken(copy_of(name), without);
  if (!copy) return copy;
  try {
    write_durably(path(name), *copy);
  } catch (const std::system_error& failed) {
    spdlog::error("{}", failed.what());
  }
  return copy;
}

void KeptFiles::write_twice(const std::string& name, const std::string& bytes, const DiskHook& hook) {
  write_durably(path(name), bytes, hook);
  write_copy(name, bytes, hook);
}

// Without its copy the file is as good as it was before there were copies.
void KeptFiles::write_copy(const std::string& name, const std::string& bytes, const DiskHook& hook) {
  try {
    write_durably(path(copy_of(name)), bytes, hook);
  } catch (const std::system_error& failed) {
    spdlog::error("{}", failed.what());
  }
}

}  // namespace loa::node
