#include <catch2/catch.hpp>
#include <fstream>

#include "process/run.hpp"
#include "tests/support/http_client.hpp"
#include "tests/system/village.hpp"

using namespace loa::tests;
using namespace std::chrono_literals;

namespace {

const std::string kToken = "a-token-of-thirty-two-characters-or-more";

/// What promtool says against the names and forms of this answer; empty where nothing.
std::string complaints_of_promtool(const std::string& text) {
  loa::process::Command command{.argv = {"promtool", "check", "metrics"}};
  command.stdin_text = text;
  loa::process::Limits limits;
  limits.memory_bytes = 0;
  limits.open_files = 1024;
  const auto outcome = loa::process::run(command, limits);
  return outcome.ok() ? outcome.out + outcome.err : outcome.message + outcome.out + outcome.err;
}

}  // namespace

TEST_CASE("the figures of a running Loa are read with the token, say how it stands, and please promtool") {
  Village village;
  const auto port = free_port();
  std::ofstream(village.folder() / "token") << kToken << "\n";
  std::filesystem::permissions(village.folder() / "token", std::filesystem::perms::owner_read);
  std::ofstream(village.folder() / "controller.toml", std::ios::app) << "[metrics]\nport = " << port << "\ntoken_file = \"token\"\n";
  village.controller().stop();
  village.start_controller();

  HttpClient client("http://127.0.0.1:" + std::to_string(port));
  client.unchecked();
  std::string text;
  const auto says = [&](const std::string& line) {
    return eventually(30s, [&] {
      text = client.get("/metrics", {"Authorization: Bearer " + kToken}).body;
      return text.find("\n" + line + "\n") != std::string::npos;
    });
  };
  CHECK(says("loa_check_good{check=\"broker\"} 1"));
  CHECK(client.get("/metrics").code() == "token_required");

  village.add_node("AL-01", Village::kWard);
  village.start_node("AL-01");
  CHECK(says("loa_nodes{state=\"ready\"} 1"));
  village.approved_programme();
  CHECK(says("loa_children_ended_total{child=\"transcode\",end=\"exited\"} 1"));
  CHECK(says("loa_nodes_without_plan 0"));
  INFO(text);
  for (const char* part : {"loa_certificate_not_after_timestamp_seconds{certificate=\"https\"}", "loa_key_not_after_timestamp_seconds{type=\"loa-plan\"}",
                           "loa_http_responses_total{class=\"2xx\"}", "loa_key_set_number 1\n", "end=\"confined\"} 0\n"})
    CHECK(text.find(part) != std::string::npos);
  CHECK(text.find("loa_backup") == std::string::npos);  // none was made, and none is claimed
  CHECK(complaints_of_promtool(text).empty());
}
