#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "controller/api/hooks.hpp"
#include "controller/api/passwords.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/programmes.hpp"
#include "controller/store/users.hpp"

// What the API is tried on: a small tree of areas, people, and one of everything. For the tests of the API and for the fuzzing of it.
namespace loa::tests {

/// The password of everybody, and what it costs to hash one.
inline constexpr const char* kApiPassword = "a good long password";
inline const api::PasswordCost kApiPasswordCost{1, 8192};

/// hue, and below it hue-a, called `name_of_a`, and hue-b.
void add_areas(store::Transaction& transaction, const std::string& name_of_a = "Xã A");
/// A commune of this id and name below hue.
void add_commune(store::Transaction& transaction, const std::string& id, const std::string& name);

/// Somebody with kApiPassword, called as the login says.
void add_person(store::Transaction& transaction, const std::string& id, const std::string& login, const std::vector<store::Grant>& grants);

/// A node that was never heard.
void add_silent_node(store::Transaction& transaction, const std::string& id, const std::string& code, const std::string& name, const std::string& area);

/// The row of a clip that nobody recorded; its hash is that of `seed`.
store::Clip clip_of(const std::string& seed, int seconds);

/// Writes a programme with a clip of `seconds`, submitted and approved.
void add_approved_programme(store::Transaction& transaction, store::Programme programme, int seconds = 60);

/// One of everything in hue-a, by id. Where `words` is not empty it stands in every title, name and text of theirs.
struct ApiThings {
  std::string author;  ///< has made them
  std::string node;
  std::string programme;  ///< approved, scheduled by `broadcast`
  std::string draft;      ///< without sound
  std::string broadcast;  ///< of a day later
  std::string alert;      ///< prepared, and confirmed by `token`
  std::string token;
  std::string job;  ///< done
  std::string words;
  std::string stream;  ///< approved, over TLS
};
/// Writes them, and the stock clip `flood`; the areas are there.
void add_things(store::Transaction& transaction, const ApiThings& things);

/// Hooks that do nothing and answer as a controller without boards, jobs and alarms; files and clips lie in `folder`, and there is one voice.
api::Hooks quiet_hooks(const std::filesystem::path& folder);

}  // namespace loa::tests
