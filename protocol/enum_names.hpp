#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

namespace loa::protocol {

/// The value of E that `name_of` calls `name`; E counts from 0 without gaps and name_of ends it with an empty
/// name.
template <class E>
requires std::is_enum_v<E> std::optional<E> enum_from_name(std::string_view name) {
  for (int index = 0; *name_of(static_cast<E>(index)) != '\0'; ++index) {
    if (name == name_of(static_cast<E>(index))) return static_cast<E>(index);
  }
  return std::nullopt;
}

/// All names of E with commas between them, to tell a person what would have been taken.
template <class E>
requires std::is_enum_v<E> std::string enum_names() {
  std::string names;
  for (int index = 0; *name_of(static_cast<E>(index)) != '\0'; ++index) {
    names += (index > 0 ? ", " : "") + std::string{name_of(static_cast<E>(index))};
  }
  return names;
}

}  // namespace loa::protocol
