#include "controller/api/password_strength.hpp"

#include <zxcvbn.h>

#include <algorithm>

#include "controller/api/call.hpp"

namespace loa::api {
namespace {

constexpr double kLeastBits = 27;  // zxcvbn's third step of four: safe from guessing over the network, and not quick where the hashes are stolen

// What people here begin passwords with, and zxcvbn's English lists do not have.
constexpr const char* kLocal[] = {"matkhau", "truyenthanh", "loaphuong", "loa", "phuong", "vietnam", "hanoi", "hue", "thuathienhue", "ubnd", "anhyeuem",
                                  "emyeuanh", "yeuem", "nguyen", "congan", "canbo", "quantri", "admin"};

// Words of a name, in lower case letters, as people put them into passwords.
void add_words(std::vector<std::string>& words, const std::string& name) {
  std::string word;
  for (const char c : name + " ") {
    if (c == ' ' || c == '.' || c == '-' || c == '_') {
      if (word.size() >= 3) words.push_back(word);
      word.clear();
    } else {
      word += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    }
  }
}

}  // namespace

std::optional<std::string> weakness_of(const std::string& password, const std::vector<std::string>& about) {
  std::vector<std::string> words(std::begin(kLocal), std::end(kLocal));
  for (const auto& name : about) add_words(words, name);
  std::vector<const char*> list;
  for (const auto& word : words) list.push_back(word.c_str());
  list.push_back(nullptr);
  if (ZxcvbnMatch(password.c_str(), list.data(), nullptr) >= kLeastBits) return {};
  return "This password is among the first that are guessed: take several words that do not belong together.";
}

std::optional<http::Problem> check_password(const std::string& password, const std::vector<std::string>& about, const std::string& pointer) {
  const auto weakness = weakness_of(password, about);
  if (!weakness) return {};
  return refused("weak_password", *weakness, pointer);
}

}  // namespace loa::api
