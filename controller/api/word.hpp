#pragma once
#include <optional>
#include <string_view>

namespace loa::api {

/// The value of an enumeration that counts from 0 to `Last` by its name_of, or nothing.
template <class E, E Last>
std::optional<E> parse_word(std::string_view word) {
  for (int index = 0; index <= static_cast<int>(Last); ++index)
    if (word == name_of(static_cast<E>(index))) return static_cast<E>(index);
  return {};
}

}  // namespace loa::api
