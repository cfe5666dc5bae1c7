#pragma once
#include <string>

namespace loa::node::edge {

/// A library that only some boards need, loaded while the program runs. It is never unloaded: what it started may still run.
class LoadedLibrary {
 public:
  /// Throws std::runtime_error naming the library and the Debian package that brings it.
  LoadedLibrary(const char* file, const char* package);
  /// The function of that name, of type F; throws where the library has none.
  template <class F>
  void find(const char* name, F*& function) const {
    function = reinterpret_cast<F*>(symbol(name));
  }

 private:
  void* symbol(const char* name) const;

  std::string file_;
  void* handle_ = nullptr;
};

}  // namespace loa::node::edge
