#include <spdlog/spdlog.h>

#include "controller/app.hpp"
#include "tests/support/format_two.hpp"

/// usage: loa-controller-formats serve --config FILE, as loa-controller; writes the test's format 2 beside the released ones.
int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const auto settings = loa::controller::read_settings(argv[3]);
  spdlog::set_level(spdlog::level::from_str(settings.log_level));
  loa::protocol::Formats formats;
  formats.add(loa::tests::kFormatTwo, loa::tests::format_two());
  return loa::controller::run_app(settings, std::move(formats));
}
