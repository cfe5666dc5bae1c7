#include "tests/support/api_things.hpp"

#include "controller/store/alerts.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/streams.hpp"
#include "protocol/hash.hpp"
#include "protocol/random_id.hpp"
#include "tests/support/alert_row.hpp"

namespace loa::tests {
namespace {

store::Area area(const std::string& id, const std::string& parent, const std::string& name) {
  store::Area made;
  made.id = id;
  made.parent = parent;
  made.name = name;
  made.kind = parent.empty() ? "province" : "commune";
  return made;
}

std::string said(const ApiThings& things, const char* otherwise) { return things.words.empty() ? otherwise : things.words; }

store::Programme programme(const ApiThings& things, const std::string& id, const char* title, const char* script) {
  store::Programme made;
  made.id = id;
  made.area = "hue-a";
  made.title = said(things, title);
  made.script = said(things, script);
  made.author = things.author;
  return made;
}

void add_broadcast(store::Transaction& transaction, const ApiThings& things) {
  store::Broadcast wanted;
  wanted.id = things.broadcast;
  wanted.programme = things.programme;
  wanted.area = "hue-a";
  wanted.areas = {"hue-a"};
  wanted.when.start = scheduler::to_local(transaction.now() + std::chrono::hours(24), wanted.when.zone);
  wanted.creator = things.author;
  store::add_broadcast(transaction, wanted);
}

void add_alert(store::Transaction& transaction, const ApiThings& things) {
  auto row = flood_in("hue-a", transaction.now(), things.alert);
  row.alert.title = said(things, "Lũ");
  row.lasts = std::chrono::hours(1);
  row.token_hash = protocol::sha256_hex(things.token);
  store::prepare_alert(transaction, row);
}

void add_job(store::Transaction& transaction, const ApiThings& things) {
  store::MediaJob done;
  done.id = things.job;
  done.programme = things.programme;
  done.area = "hue-a";
  done.kind = "speech";
  done.state = store::JobState::done;
  done.creator = things.author;
  store::add_media_job(transaction, done);
}

void add_stream(store::Transaction& transaction, const ApiThings& things) {
  store::Stream made;
  made.id = things.stream;
  made.area = "hue-a";
  made.name = said(things, "Đài Huế");
  made.url = "https://radio.hue.example/live";
  store::add_stream(transaction, made);
  store::approve_stream(transaction, made.id, store::find_stream(transaction.session(), made.id)->content_hash);
}

}  // namespace

void add_areas(store::Transaction& transaction, const std::string& name_of_a) {
  store::add_area(transaction, area("hue", "", "Thành phố Huế"));
  add_commune(transaction, "hue-a", name_of_a);
  add_commune(transaction, "hue-b", "Xã B");
}

void add_commune(store::Transaction& transaction, const std::string& id, const std::string& name) {
  store::add_area(transaction, area(id, "hue", name));
}

void add_person(store::Transaction& transaction, const std::string& id, const std::string& login, const std::vector<store::Grant>& grants) {
  // One hash for all: making it is what takes time.
  static const auto hash = api::hash_password(kApiPassword, kApiPasswordCost);
  store::User user;
  user.id = id;
  user.login = login;
  user.name = login;
  user.password_hash = hash;
  store::add_user(transaction, user);
  store::set_grants(transaction, id, grants);
}

void add_silent_node(store::Transaction& transaction, const std::string& id, const std::string& code, const std::string& name, const std::string& where) {
  store::Node node;
  node.id = id;
  node.code = code;
  node.name = name;
  node.area = where;
  store::add_node(transaction, node);
}

store::Clip clip_of(const std::string& seed, int seconds) {
  store::Clip clip;
  clip.sha256 = protocol::sha256_hex(seed);
  clip.bytes = 3000 * seconds;
  clip.duration = std::chrono::seconds(seconds);
  clip.loudness_lufs = -16;
  clip.true_peak_dbtp = -1.5;
  clip.made_from = "speech";
  clip.source_name = "espeak/vi";
  return clip;
}

void add_approved_programme(store::Transaction& transaction, store::Programme programme, int seconds) {
  const auto clip = clip_of(programme.id, seconds);
  store::put_clip(transaction, clip);
  store::add_programme(transaction, programme);
  store::set_programme_clip(transaction, programme.id, clip.sha256);
  store::submit_programme(transaction, programme.id);
  store::approve_programme(transaction, programme.id, store::find_programme(transaction.session(), programme.id)->content_hash);
}

void add_things(store::Transaction& transaction, const ApiThings& things) {
  add_silent_node(transaction, things.node, "A-1", said(things, "Nhà văn hóa"), "hue-a");
  const auto clip = clip_of("flood", 10);
  store::put_clip(transaction, clip);
  store::put_stock_clip(transaction, {"flood", clip.sha256, "Lũ"});
  add_approved_programme(transaction, programme(things, things.programme, "Luật Căn cước", "Kính thưa bà con."));
  store::add_programme(transaction, programme(things, things.draft, "Bản nháp", "Nội dung."));
  add_broadcast(transaction, things);
  add_alert(transaction, things);
  add_job(transaction, things);
  add_stream(transaction, things);
}

api::Hooks quiet_hooks(const std::filesystem::path& folder) {
  api::Hooks made;
  made.plans_changed = [](auto, auto) {};
  made.send_order = [](auto) {};
  made.alert_changed = [](auto) {};
  made.node_changed = [](auto) {};
  made.broker_told = []() -> boost::asio::awaitable<std::string> { co_return std::string(); };
  made.make_board = [](const auto& id, const auto&, const auto& areas) -> http::Result<api::NewBoard> {
    return api::NewBoard{"bundle of " + id + " in " + areas.back(), {}, "01"};
  };
  made.board_refused = [](auto) {};
  made.found = [] { return api::Found{}; };
  made.hold_ended = [] {};
  made.key_set = [] { return std::optional<protocol::KeySet>(); };
  made.health = [] { return std::vector<api::HealthCheck>{{"store", true, ""}, {"broker", true, "connected"}}; };
  made.open_alarms = [] { return std::vector<api::OpenAlarms>{}; };
  made.start_job = [](media::Job) { return std::optional<media::Problem>(); };
  made.find_job = [](const auto&) { return std::optional<media::JobState>(); };
  made.upload_file = [folder] { return folder / protocol::random_id("up"); };
  made.clip_file = [folder](std::string_view sha256) -> std::optional<std::filesystem::path> {
    const auto file = folder / "clips" / std::string(sha256);
    if (!std::filesystem::exists(file)) return {};
    return file;
  };
  made.voices = [] { return std::vector<api::VoiceChoice>{{"espeak/vi", "Tiếng Việt", "vi"}}; };
  return made;
}

}  // namespace loa::tests
