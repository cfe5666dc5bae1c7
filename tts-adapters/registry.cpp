#include <algorithm>
#include <stdexcept>

#include "tts-adapters/synthesizer.hpp"

namespace loa::tts {

void throw_exception_from_error(const Problem& problem, const boost::source_location&) {
  throw std::logic_error("unchecked problem: " + problem.code + ": " + problem.message);
}

void Registry::add(std::unique_ptr<Synthesizer> synthesizer) {
  if (find(synthesizer->name())) throw std::logic_error("two synthesizers are named " + synthesizer->name());
  all_.push_back(std::move(synthesizer));
}

const Synthesizer* Registry::find(const std::string& name) const {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one->name() == name; });
  return found == all_.end() ? nullptr : found->get();
}

std::vector<std::string> Registry::names() const {
  std::vector<std::string> names;
  for (const auto& one : all_) names.push_back(one->name());
  return names;
}

}  // namespace loa::tts
