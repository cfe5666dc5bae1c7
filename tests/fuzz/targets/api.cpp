// Whole requests to the API: every route of the table, on a real database.
#include <boost/json/parse.hpp>
#include <set>

#include "controller/api/routes.hpp"
#include "controller/http/read_request.hpp"
#include "tests/fuzz/api_world.hpp"
#include "tests/fuzz/target.hpp"

namespace loa::fuzz {
namespace {

constexpr int kRequestsAWorld = 400;  // then a new one: what earlier inputs left behind hides little

// First byte: who asks. First line: METHOD TARGET. The rest is the body.
constexpr char kRoot = '0', kStranger = '1', kNobody = '2';

struct Worlds {
  std::unique_ptr<ApiWorld> world;
  int requests = 0;
  ApiWorld& next() {
    if (!world || ++requests >= kRequestsAWorld) {
      world.reset();
      world = std::make_unique<ApiWorld>();
      requests = 0;
    }
    return *world;
  }
};

void check_problem(const http::Response& response, const std::string& text) {
  demand(response.content_type.starts_with("application/problem+json"), "a refusal is a problem document");
  const auto problem = boost::json::parse(text);
  const auto& fields = problem.as_object();
  demand(!fields.at("code").as_string().empty() && !fields.at("detail").as_string().empty(), "a refusal has a code and says what is wrong");
}

void request(std::string_view bytes) {
  let_openssl_stay();  // the last worlds end after main
  // What root does may show to a stranger what was secret (it may move an area, or send a programme there), so it does it elsewhere.
  static Worlds roots_worlds, strangers_worlds;
  Bytes input(bytes);
  const auto who = kRoot + input.byte() % 3;
  const auto first = input.line();
  const auto space = first.find(' ');
  if (space == std::string_view::npos) return;
  http::Request made;
  made.method = http::parse_method(first.substr(0, space));
  made.peer = "127.0.0.1";
  if (http::read_target(made, first.substr(space + 1))) return;
  auto& worlds = who == kRoot ? roots_worlds : strangers_worlds;
  auto& world = worlds.next();
  const bool table = made.path == "/api/v1/area-imports";
  made.headers = {{"host", "localhost"}, {"content-type", table ? "text/csv" : "application/json"}};
  if (who != kNobody) made.headers.emplace_back("cookie", world.cookie(who == kRoot ? "root" : "stranger"));
  const auto response = world.answer(std::move(made), std::string(input.rest()));
  // Whoever signs a session out, or locks a user, ends this world.
  if (response.status == 401 && who != kNobody) worlds.world.reset();

  demand(response.status < 500 || response.status == 503, "no request breaks the controller");
  const auto* text = std::get_if<std::string>(&response.body);
  if (!text) return;
  if (response.status >= 400) check_problem(response, *text);
  if (response.content_type == "application/json") (void)boost::json::parse(*text);
  if (who != kRoot && bytes.find(ApiWorld::kSecret) == std::string_view::npos)
    demand(text->find(ApiWorld::kSecret) == std::string::npos, "nobody reads what another area keeps");
}

std::string id_for(std::string_view path) {
  const std::pair<std::string_view, std::string> ids[] = {{"/users/", ApiWorld::kUser},           {"/areas/", "hue-a"},
                                                          {"/nodes/", ApiWorld::kNode},           {"/jobs/", ApiWorld::kJob},
                                                          {"/broadcasts/", ApiWorld::kBroadcast}, {"/alerts/", ApiWorld::kAlert}};
  for (const auto& [part, id] : ids)
    if (path.find(part) != std::string_view::npos) return id;
  return path.ends_with("/audio") || path.ends_with("/speech") || path.ends_with("/submit") ? ApiWorld::kDraft : ApiWorld::kProgramme;
}

// Each route once as it stands in the table, so that a new one is driven from its first day; then good bodies for those that take one.
std::vector<std::string> requests() {
  std::vector<std::string> seeds;
  for (const auto& route : api::routes()) {
    std::string path(route.path);
    if (const auto begin = path.find('{'); begin != std::string::npos) path.replace(begin, path.find('}') - begin + 1, id_for(path));
    seeds.push_back(std::string(1, static_cast<char>('0')) + http::name_of(route.method) + " " + path + "\n{}");
  }
  const std::string api = " /api/v1/";
  const auto add = [&](const std::string& method, const std::string& path, const std::string& body) { seeds.push_back("0" + method + api + path + "\n" + body); };
  const std::string password = R"("a good long password")";
  add("POST", "session", R"({"name":"root","password":)" + password + "}");
  add("PUT", "session/password", R"({"old_password":)" + password + R"(,"new_password":"another long password"})");
  add("POST", "users", R"({"name":"anna","display_name":"Anna","password":)" + password + R"(,"grants":[{"role":"author","area":"hue-a"}]})");
  add("POST", "areas", R"({"id":"hue-c","name":"Xã C","kind":"commune","parent":"hue","code":"3"})");
  add("PATCH", "areas/hue-a", R"({"name":"Xã A","kind":"ward","parent":"hue-b","code":"7"})");
  add("PUT", "areas/hue-a/policy", R"({"windows":[{"days":["mo","su"],"from":"05:00","to":"24:00"}],"max_sessions_per_day":4,"max_session_minutes":60,"self_approval":true})");
  add("PUT", "areas/hue-a/settings", R"({"muted":true,"volume":70,"alert_volume":100,"volume_by_hour":[{"from":"05:00","to":"06:30","volume":40}]})");
  add("POST", "area-imports?prefix=hue", "code,name,kind,parent,lat,lon,km2,old_codes\n46,Hue,province,,,,,\n1,x,ward,46,16.4,107.5,3,7 8\n");
  add("POST", "nodes", R"({"code":"A-2","area":"hue-a","name":"x","lat":16.4,"lon":107.5})");
  add("POST", "nodes/" + ApiWorld::kNode + "/orders", R"({"kind":"self_test"})");
  add("POST", "programmes", R"({"title":"Luật","area":"hue-a","legal_field":"x","legal_references":["a"],"issuing_body":"b","language":"vi","text":"Nội dung"})");
  add("POST", "programmes/" + ApiWorld::kDraft + "/speech", R"({"voice":"espeak/vi","speed":1.1})");
  add("POST", "programmes/" + ApiWorld::kDraft + "/audio", "RIFF");
  add("POST", "programmes/" + ApiWorld::kProgramme + "/return", R"({"reason":"x"})");
  const std::string when = R"({"programme":")" + ApiWorld::kProgramme + R"(","class":"normal","areas":["hue-a"],"start":"2026-11-27T01:00:00Z","time_zone":"Asia/Ho_Chi_Minh","rrule":"FREQ=DAILY;COUNT=3","exdates":["2026-11-28T01:00:00Z"],"rdates":["2026-12-24T01:00:00Z"],"volume":80,"after_interrupt":"resume","late":"skip","late_limit_s":60})";
  add("POST", "broadcasts", when);
  add("POST", "broadcast-previews", when);
  add("POST", "alerts", R"({"area":"hue-a","status":"exercise","event":"flood","title":"x","minutes":10,"stock_clip":"flood","repeats":2,"updates":[]})");
  add("POST", "alerts/" + ApiWorld::kAlert + "/confirm", std::string(R"({"token":")") + ApiWorld::kToken + "\"}");
  add("GET", "programmes?area=hue-a&state=draft&q=a&limit=3", "");
  add("GET", "occurrences?from=2026-11-25T00:00:00Z&to=2026-11-30T00:00:00Z&area=hue-a", "");
  add("GET", "play-records?area=hue-a&limit=200", "");
  add("GET", "nodes/n-one/record-proof?log=log-1&from=2", "");
  add("GET", "audit?limit=1&cursor=x", "");
  const auto size = seeds.size();
  for (std::size_t i = 0; i < size; ++i) seeds.push_back("1" + seeds[i].substr(1));
  seeds.emplace_back("2GET /api/v1/areas\n");
  return seeds;
}

const Registration kApi{{"api", request, requests, 4096}};

}  // namespace
}  // namespace loa::fuzz
