// The targets without libFuzzer, in every build: runs what is kept, with small changes that are the same each time.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/fuzz/target.hpp"

namespace {

using namespace loa::fuzz;
namespace fs = std::filesystem;

constexpr unsigned kSecondsEach = 20;  // of one input; SIGALRM ends the process

constexpr const char* kUsage = R"(usage: loa-fuzz-replay [TARGET...]              run the kept inputs of these targets (none: all), with small changes
       loa-fuzz-replay --list                   names and longest inputs
       loa-fuzz-replay --seeds FOLDER           write what each corpus begins with below FOLDER
       loa-fuzz-replay --input TARGET FILE...   run these inputs as they are
)";

const Target* current = nullptr;
std::string current_input;
std::vector<char> current_bytes;  // on the heap and not a byte larger: sanitizers then see each read beyond its end

// Says what was running and keeps it in a file; async-signal-safe enough for a process that is about to end.
void say_where(const char* why) {
  const auto name = current ? current->name : std::string("?");
  const auto file = (fs::temp_directory_path() / ("loa-fuzz-find-" + name)).string();
  if (std::FILE* out = std::fopen(file.c_str(), "wb")) {
    std::fwrite(current_bytes.data(), 1, current_bytes.size(), out);
    std::fclose(out);
  }
  std::fprintf(stderr, "\n%s: %s: %s; the input is in %s\n", name.c_str(), current_input.c_str(), why, file.c_str());
}

void on_signal(int signal) {
  say_where(signal == SIGALRM ? "took too long" : "crashed");
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

std::string read(const fs::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

std::vector<fs::path> files_in(const fs::path& folder) {
  std::vector<fs::path> files;
  if (fs::is_directory(folder))
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Numbers that look random and are the same on every machine (splitmix64).
class Numbers {
 public:
  explicit Numbers(std::uint64_t seed) : state_(seed) {}
  std::size_t below(std::size_t limit) {
    std::uint64_t value = state_ += 0x9e3779b97f4a7c15ULL;
    value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ value >> 27) * 0x94d049bb133111ebULL;
    return limit ? (value ^ value >> 31) % limit : 0;
  }

 private:
  std::uint64_t state_;
};

std::string changed(std::string bytes, Numbers& numbers) {
  static const char* const kPieces[] = {"\"", "{", "}", "[", "]", ",", ":", "null", "-1", "1e999", "9223372036854775808", "\\u0000", "\xff", "\n", "=", "../", "%00", "."};
  const auto at = numbers.below(bytes.size() + 1);
  switch (numbers.below(5)) {
    case 0: bytes.resize(at); break;
    case 1: if (at < bytes.size()) bytes[at] = static_cast<char>(numbers.below(256)); break;
    case 2: bytes.insert(at, kPieces[numbers.below(std::size(kPieces))]); break;
    case 3: bytes.erase(at, 1 + numbers.below(8)); break;
    default: bytes.insert(at, bytes.substr(numbers.below(bytes.size() + 1), numbers.below(64))); break;
  }
  return bytes;
}

void run_one(const std::string& name, std::string_view bytes) {
  current_input = name;
  ::alarm(kSecondsEach);
  current_bytes = std::vector<char>(bytes.begin(), bytes.end());
  current->run({current_bytes.data(), current_bytes.size()});
  ::alarm(0);
}

struct Counts {
  std::size_t kept = 0;
  std::size_t changed = 0;
};

Counts replay(const Target& target) {
  constexpr std::size_t kChanges = 300;
  current = &target;
  const fs::path here = fs::path(LOA_FUZZ_CHECKOUT) / "tests/fuzz";
  std::vector<std::string> inputs;
  Counts counts;
  const auto take = [&](const std::string& name, std::string bytes) {
    run_one(name, bytes);
    ++counts.kept;
    inputs.push_back(std::move(bytes));
  };
  take("nothing at all", "");
  for (const auto& seed : target.seeds()) take("a seed", seed);
  const auto corpus = files_in(here / "corpus" / target.name);
  if (corpus.empty()) broken("no corpus is kept for " + target.name + ": tests/fuzz/make-corpus");
  for (const auto& file : corpus) take(file.string(), read(file));
  for (const auto& file : files_in(here / "finds" / target.name)) take(file.string(), read(file));
  Numbers numbers(inputs.size());
  for (; counts.changed < kChanges; ++counts.changed) {
    const auto& from = inputs[numbers.below(inputs.size())];
    if (from.size() <= 4 * target.most_bytes) run_one("a changed input", changed(from, numbers));
  }
  return counts;
}

int write_seeds(const fs::path& folder) {
  for (const auto& target : targets()) {
    if (!target.runs_with_all) continue;
    fs::create_directories(folder / target.name);
    int number = 0;
    for (const auto& seed : target.seeds()) {
      const auto digits = std::to_string(number++);
      std::ofstream(folder / target.name / ("seed-" + std::string(3 - std::min<std::size_t>(3, digits.size()), '0') + digits), std::ios::binary) << seed;
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) try {
  std::signal(SIGALRM, on_signal);
  std::signal(SIGABRT, on_signal);
  std::signal(SIGSEGV, on_signal);
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const auto first = arguments.empty() ? std::string() : arguments.front();
  if (first == "-h" || first == "--help") return std::fputs(kUsage, stdout) < 0;
  if (first == "--list") {
    for (const auto& target : targets())
      if (target.runs_with_all) std::printf("%s %zu\n", target.name.c_str(), target.most_bytes);
    return 0;
  }
  if (first == "--seeds" && arguments.size() == 2) return write_seeds(arguments[1]);
  if (first == "--input" && arguments.size() > 2) {
    current = find_target(arguments[1]);
    if (!current) return std::fprintf(stderr, "there is no target %s\n", arguments[1].c_str()), 2;
    for (std::size_t i = 2; i < arguments.size(); ++i) run_one(arguments[i], read(arguments[i]));
    return 0;
  }
  std::vector<const Target*> wanted;
  for (const auto& name : arguments) {
    wanted.push_back(find_target(name));
    if (!wanted.back()) return std::fprintf(stderr, "there is no target %s\n%s", name.c_str(), kUsage), 2;
  }
  if (wanted.empty())
    for (const auto& target : targets())
      if (target.runs_with_all) wanted.push_back(&target);
  Counts all;
  for (const auto* target : wanted) {
    const auto counts = replay(*target);
    std::printf("%-24s %4zu kept, %6zu changed\n", target->name.c_str(), counts.kept, counts.changed);
    all.kept += counts.kept;
    all.changed += counts.changed;
  }
  std::printf("%zu targets, %zu kept inputs and %zu changed ones, no finding\n", wanted.size(), all.kept, all.changed);
  return 0;
} catch (const std::exception& error) {
  say_where(error.what());
  return 1;
}
