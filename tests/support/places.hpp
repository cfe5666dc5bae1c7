#pragma once
#include <filesystem>

namespace loa::tests {

// Told by one generated source file and not by a macro, so that the compiler cache finds every test of another checkout.

/// The checkout that this test was built from.
std::filesystem::path source_folder();
/// Where this build's programs lie.
std::filesystem::path program_folder();

}  // namespace loa::tests
