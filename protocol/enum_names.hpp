#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "protocol/messages.hpp"

namespace loa::protocol {

/// The last enumerator of each enum that crosses the wire; they count from 0 without gaps.
template <class E>
inline constexpr E kLastOf = E::no_last_enumerator_was_named_here;
template <>
inline constexpr auto kLastOf<scheduler::Class> = scheduler::Class::emergency;
template <>
inline constexpr auto kLastOf<scheduler::ItemKind> = scheduler::ItemKind::pause;
template <>
inline constexpr auto kLastOf<scheduler::AfterInterrupt> = scheduler::AfterInterrupt::drop;
template <>
inline constexpr auto kLastOf<scheduler::LateRule> = scheduler::LateRule::skip;
template <>
inline constexpr auto kLastOf<scheduler::AlertMessage> = scheduler::AlertMessage::cancel;
template <>
inline constexpr auto kLastOf<scheduler::AlertStatus> = scheduler::AlertStatus::test;
template <>
inline constexpr auto kLastOf<scheduler::Outcome> = scheduler::Outcome::cancelled;
template <>
inline constexpr auto kLastOf<scheduler::LevelKind> = scheduler::LevelKind::measured;
template <>
inline constexpr auto kLastOf<scheduler::ClockQuality> = scheduler::ClockQuality::untrusted;
template <>
inline constexpr auto kLastOf<MessageType> = MessageType::certificate;
template <>
inline constexpr auto kLastOf<OrderKind> = OrderKind::restart;
template <>
inline constexpr auto kLastOf<Lifecycle> = Lifecycle::gone;
template <>
inline constexpr auto kLastOf<DiskHealth> = DiskHealth::failing;
template <>
inline constexpr auto kLastOf<Supply> = Supply::battery;
template <>
inline constexpr auto kLastOf<Amplifier> = Amplifier::fault;

/// How many enumerators E has.
template <class E>
inline constexpr int kCountOf = static_cast<int>(kLastOf<E>) + 1;

/// The value of E that `name_of` calls `name`; nothing where there is none.
template <class E>
  requires std::is_enum_v<E>
std::optional<E> enum_from_name(std::string_view name) {
  for (int index = 0; index < kCountOf<E>; ++index) {
    if (name == name_of(static_cast<E>(index))) return static_cast<E>(index);
  }
  return std::nullopt;
}

/// All names of E with commas between them, to tell a person what would have been taken.
template <class E>
  requires std::is_enum_v<E>
std::string enum_names() {
  std::string names;
  for (int index = 0; index < kCountOf<E>; ++index) {
    names += (index > 0 ? ", " : "") + std::string{name_of(static_cast<E>(index))};
  }
  return names;
}

}  // namespace loa::protocol
