#include "tests/support/shell.hpp"

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <stdexcept>

namespace loa::tests {

std::string run_shell(const std::string& command) {
  std::FILE* pipe = ::popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return "no shell";
  std::string said;
  std::array<char, 512> part;
  while (std::fgets(part.data(), part.size(), pipe)) said += part.data();
  const int status = ::pclose(pipe);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return command + ": " + (said.empty() ? "failed" : said);
}

void must_run(const std::string& command) {
  if (auto said = run_shell(command); !said.empty()) throw std::runtime_error(said);
}

}  // namespace loa::tests
