#pragma once
#include <string>

namespace loa::tests {

/// Runs a shell command to its end; its words where it failed, nothing otherwise.
std::string run_shell(const std::string& command);
/// The same; throws std::runtime_error with its words where it failed.
void must_run(const std::string& command);

}  // namespace loa::tests
