#include "node-firmware/edge/loaded_library.hpp"

#include <dlfcn.h>

#include <stdexcept>

namespace loa::node::edge {

LoadedLibrary::LoadedLibrary(const char* file, const char* package) : file_(file), handle_(::dlopen(file, RTLD_NOW | RTLD_LOCAL)) {
  if (handle_) return;
  const char* why = ::dlerror();
  throw std::runtime_error(std::string(why ? why : file) + " (it comes with the package " + package + ")");
}

void* LoadedLibrary::symbol(const char* name) const {
  if (void* found = ::dlsym(handle_, name)) return found;
  throw std::runtime_error(file_ + " has no " + name);
}

}  // namespace loa::node::edge
