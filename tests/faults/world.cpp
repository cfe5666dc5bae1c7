#include "tests/faults/world.hpp"

#include <fmt/format.h>

#include <boost/json/serialize.hpp>
#include <fstream>
#include <iterator>
#include <thread>

namespace loa::tests {

namespace json = boost::json;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t kSpares = 2;

std::string content(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

double utc_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

void wait_until(double utc) {
  if (const double left = utc - utc_now(); left > 0) std::this_thread::sleep_for(std::chrono::duration<double>(left));
}

void let_pass(std::chrono::duration<double> length) { std::this_thread::sleep_for(length); }

void must_come(Case& test, std::chrono::milliseconds limit, const std::string& what, const std::function<bool()>& done) {
  if (!eventually(limit, done)) test.wrong(fmt::format("{}: not within {:.0f} s", what, std::chrono::duration<double>(limit).count()));
}

World::World(Where where) : where_(where) {
  Village::Place place;
  if (where == Where::network) {
    net_ = std::make_unique<Netns>();
    place.address = net_->here();
    place.name = "loa.test";
  }
  const auto address = place.address;
  const auto way = [&address](std::unique_ptr<SlowProxy>& proxy) {
    return [&address, &proxy](std::uint16_t port) {
      proxy = std::make_unique<SlowProxy>(port, address, 0);
      return proxy->port();
    };
  };
  place.to_broker = way(broker_way_);
  place.to_files = way(files_way_);
  village_ = std::make_unique<Village>("loa-controller", place);
  if (net_) std::ofstream(hosts_file()) << address << " loa.test\n";
  programme('A');
}

std::string World::programme(char clip) {
  if (const auto known = programmes_.find(clip); known != programmes_.end()) return known->second;
  return programmes_[clip] = village_->approved_sound(test_clip_wav(clip), std::string("Thử ") + clip);
}

std::string World::make_board(const std::string& more) {
  const auto code = fmt::format("F-{:03}", ++boards_);
  village_->add_node(code, Village::kWard, more);
  start(code);
  return code;
}

void World::start(const std::string& code, Village::NodeStart how) {
  if (net_) {
    auto inside = net_->run_inside(hosts_file().string());
    how.before.insert(how.before.begin(), inside.begin(), inside.end());
  }
  village_->start_node(code, how);
}

std::string World::board(const std::string& more) {
  if (!more.empty()) {
    present_ = make_board(more);
  } else {
    while (spares_.size() < kSpares) spares_.push_back(make_board({}));
    present_ = spares_.front();
    spares_.pop_front();
    spares_.push_back(make_board({}));  // grows ready while this one is tried
  }
  if (!ready(present_, 5s)) {  // an earlier row's broken line made it wait ever longer
    node(present_).kill();
    start(present_);
  }
  if (!ready(present_, 40s)) throw std::runtime_error("board " + present_ + " is not ready:\n" + last_lines(present_));
  settle(present_);
  return present_;
}

// It starts once more with nothing said or heard: now it holds keys of its own, a plan and the time.
void World::settle(const std::string& code) {
  node(code).stop();
  for (const char* file : {"sound.wav", "sound.wav.json", "node.out", "node.err"}) std::filesystem::remove(village_->node_folder(code) / file);
  start(code);
  const auto head = [&] {
    const auto node = seen(code);
    const auto* report = node.as_object().if_contains("report");
    return report && text(node, "status") != "gone" && said(code).find("connecting -> ready") != std::string::npos;
  };
  if (!eventually(20s, head)) throw std::runtime_error("board " + code + " does not start again:\n" + last_lines(code));
}

json::value World::seen(const std::string& code) { return village_->admin().get("/nodes/" + village_->node_id(code)); }

bool World::fetching(const std::string& code, std::chrono::milliseconds limit) {
  return eventually(limit, [&] {
    std::error_code gone;
    for (const auto& file : std::filesystem::directory_iterator(state(code) / "clips", gone))
      if (file.path().extension() == ".part" && file.file_size(gone) > 0 && !gone) return true;
    return false;
  });
}

bool World::ready(const std::string& code, std::chrono::milliseconds limit, bool verified) {
  return eventually(limit, [&] {
    try {
      const auto node = seen(code);
      const auto* report = node.as_object().if_contains("report");
      if (!report || !node.as_object().contains("wanted_plan")) return false;
      return report->at(verified ? "plan_verified" : "plan_held") == node.at("wanted_plan") && text(node, "status") != "gone";
    } catch (const std::exception&) {
      return false;  // the controller is still starting
    }
  });
}

void World::must_be_ready(Case& test, const std::string& code, std::chrono::milliseconds limit, bool verified) {
  if (ready(code, limit, verified)) return;
  std::string held = "nothing of it is known";
  if (const auto node = seen(code); const auto* report = node.as_object().if_contains("report"))
    held = fmt::format("it says plan {}, verified {}; wanted is {}", json::serialize(report->at("plan_held")), json::serialize(report->at("plan_verified")),
                       node.as_object().contains("wanted_plan") ? json::serialize(node.at("wanted_plan")) : "none");
  test.wrong(fmt::format("not ready within {:.0f} s: {}", std::chrono::duration<double>(limit).count(), held));
}

Play World::plan(const std::string& code, char clip, int ahead, const json::object& more, bool held) {
  const auto id = programme(clip);
  Play play{{}, clip, std::floor(utc_now()) + ahead};
  json::object body{{"areas", json::array{}}, {"nodes", json::array{json::value(village_->node_id(code))}}};
  for (const auto& [key, value] : more) body[key] = value;
  const auto floor = std::floor(utc_now());
  play.broadcast = village_->schedule(id, std::chrono::seconds(static_cast<int>(play.due - floor)), body);
  const auto start = text(village_->officer().get("/broadcasts/" + play.broadcast), "start");
  std::tm parts{};
  if (!::strptime(start.c_str(), "%Y-%m-%dT%H:%M:%S", &parts)) throw std::runtime_error("no start: " + start);
  play.due = static_cast<double>(::timegm(&parts));
  if (held && !ready(code, 15s)) throw std::runtime_error("the plan does not reach board " + code + ":\n" + last_lines(code));
  return play;
}

std::vector<Sound> World::hear(const std::string& code, double from) {
  return listen_to_wav(village_->node_folder(code) / "sound.wav", from);
}

void World::judge(Case& test, const std::string& code, const Play& play, const Expect& expect) {
  wait_until(play.due + kClipSeconds + 0.6);
  auto sounds = hear(code, play.due - 3);
  if (!expect.on_the_clock)  // it may still sound
    eventually(15s, [&] { return !(sounds = hear(code, play.due - 3)).empty() && sounds.back().from + sounds.back().length < utc_now() - 1.5; });
  judge_sound(test, sounds, play, expect);
  if (expect.record) judge_record(test, code, play, expect, total(sounds, play.clip));
}

void World::judge_sound(Case& test, const std::vector<Sound>& all, const Play& play, const Expect& expect) {
  auto sounds = all;
  std::erase_if(sounds, [&](const Sound& sound) { return sound.what != play.clip && expect.beside.contains(sound.what); });
  test.heard(in_words(sounds, play.due));
  const double seconds = total(sounds, play.clip);
  switch (expect.heard) {
    case Expect::Heard::whole: test.check(seconds > kClipSeconds - 0.15, fmt::format("{:.2f} s of {:.0f} s were heard", seconds, kClipSeconds)); break;
    case Expect::Heard::in_part: test.check(seconds >= expect.least, fmt::format("{:.2f} s were heard, at least {:.2f} s must be", seconds, expect.least)); break;
    case Expect::Heard::nothing: test.check(sounds.empty(), fmt::format("{:.2f} s of sound were heard, nothing must be", total(sounds))); break;
    case Expect::Heard::at_most: break;
  }
  const double twice = repeated(sounds, play.clip);
  test.check(twice < 0.12, fmt::format("{:.2f} s were heard twice", twice));
  for (const auto& sound : sounds) {
    if (sound.what == '?') {
      test.wrong(fmt::format("{:.2f} s of what is no part of the clip", sound.length));
    } else if (sound.what != play.clip) {
      test.wrong(fmt::format("{:.2f} s of clip {}, which has no place there", sound.length, sound.what));
    } else if (expect.on_the_clock) {
      const double off = sound.from - play.due - std::max(0.0, sound.at);
      test.check(std::abs(off) < 0.2, fmt::format("second {:.2f} is heard {:+.2f} s off its time", sound.at, off));
    }
  }
}

json::array World::records(const std::string& code, const Play& play) {
  try {
    auto all = village_->records("broadcast=" + play.broadcast);
    json::array own;
    for (auto& record : all)
      if (text(record, "node_code") == code) own.push_back(std::move(record));
    return own;
  } catch (const std::exception&) {
    return {};  // the controller is still starting
  }
}

void World::judge_record(Case& test, const std::string& code, const Play& play, const Expect& expect, double seconds) {
  json::array found;
  const auto dead_by = std::chrono::steady_clock::now() + 4s;  // who ended sends no more
  eventually(expect.record_limit, [&] {
    return !(found = records(code, play)).empty() || (!node(code).running() && std::chrono::steady_clock::now() > dead_by);
  });
  if (found.size() != 1) {
    test.wrong(fmt::format("the controller has {} records of it after {} s, one must be", found.size(), expect.record_limit.count()));
    if (found.empty()) return;
  }
  const auto& record = found[0];
  const auto outcome = text(record, "outcome"), reason = text(record, "reason");
  const double told = static_cast<double>(record.at("heard_ms").as_int64()) / 1000;
  test.log(fmt::format("record: {}{}{} {:.2f} s", outcome, reason.empty() ? "" : " ", reason, told));
  test.check(expect.outcomes.contains(outcome), "the record says " + outcome);
  if (!expect.reasons.empty()) test.check(expect.reasons.contains(reason), "the record gives the reason \"" + reason + "\"");
  test.check(told < seconds + 0.5 && told > seconds - 0.5 - expect.record_lacks, fmt::format("the record says {:.2f} s, heard were {:.2f} s", told, seconds));
}

void World::must_sound(Case& test, const std::string& code, double since, std::chrono::seconds limit, double least) {
  eventually(limit, [&] { return total(hear(code, since), '?') > least; });
  const auto sounds = hear(code, since);
  test.heard(in_words(sounds, since));
  const double seconds = total(sounds, '?');
  test.check(seconds > least, fmt::format("{:.2f} s of the alert were heard in {} s, more than {:.0f} s must be", seconds, limit.count(), least));
}

void World::must_live(Case& test, const std::string& code) {
  if (const auto ended = node(code).wait(0ms)) test.wrong(fmt::format("the node ended with {}", *ended));
}

std::string World::said(const std::string& code) const {
  return content(village_->node_folder(code) / "node.out") + content(village_->node_folder(code) / "node.err");
}

void World::must_say(Case& test, const std::string& code, const std::string& sentence, std::chrono::milliseconds limit) {
  const auto holds = [&] { return said(code).find(sentence) != std::string::npos; };
  if (eventually(limit, holds))
    test.log("\"" + sentence + "\"");
  else
    test.wrong(fmt::format("the log does not say \"{}\" within {:.0f} s", sentence, std::chrono::duration<double>(limit).count()));
}

std::string World::last_lines(const std::string& code, std::size_t lines) const {
  const auto all = said(code);
  auto at = all.size();
  for (std::size_t i = 0; i <= lines && at != 0 && at != std::string::npos; ++i) at = all.rfind('\n', at - 1);
  return at == std::string::npos || at == 0 ? all : all.substr(at + 1);
}

std::string World::alert(const json::object& more) {
  alerts_.push_back(village_->alert(more));
  return alerts_.back();
}

void World::controller_back() {
  if (!village_->controller().running()) village_->start_controller();
  const bool back = eventually(30s, [this] {
    try {
      village_->admin().get("/nodes");
      return true;
    } catch (const std::exception&) {
      return false;
    }
  });
  if (!back) throw std::runtime_error("the controller does not come back");
}

void World::broker_back() {
  if (!village_->broker().running()) village_->start_broker();
}

bool World::mend() {
  try {
    broker_way_->behave();
    files_way_->behave();
    broker_way_->cut();
    files_way_->cut();
    if (net_) {
      net_->heal();
      net_->slow(0);
      std::ofstream(hosts_file()) << net_->here() << " loa.test\n";
    }
    broker_back();
    controller_back();
    for (const auto& alert : std::exchange(alerts_, {})) village_->approver().post("/alerts/" + alert + "/cancel");
    for (int number = 1; number <= boards_; ++number) {
      const auto code = fmt::format("F-{:03}", number);
      if (std::find(spares_.begin(), spares_.end(), code) == spares_.end()) village_->remove_node(code);
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace loa::tests
