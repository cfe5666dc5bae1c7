#include "node-firmware/agent.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

#include "node-firmware/self_test.hpp"
#include "node-firmware/told_readings.hpp"
#include "protocol/topics.hpp"
#include "scheduler/succession.hpp"

namespace loa::node {

using namespace std::chrono_literals;
using protocol::State;

namespace {

constexpr auto kChangeGap = 1s;         // between two states because something changed
constexpr auto kCountGap = 15s;         // where only counts did
constexpr auto kLogPatience = 30s;      // for an acknowledgement; doubles up to:
constexpr auto kLongestLogPatience = 10min;
constexpr auto kLongestHeadPatience = 5min;
constexpr auto kClockLook = 30s;
constexpr auto kLookHome = 6h;
constexpr std::chrono::nanoseconds kHousekeeping = 1h, kHousekeepingSoon = 1min;
constexpr scheduler::Millis kRemember = 4 * 24h;  // outcomes that neither plan nor alerts name: each is a kilobyte of memory
constexpr std::size_t kMostRemembered = 1000;     // of them, then fewer days
constexpr auto kDiskLook = 5s;          // while it refuses

// What a person is waiting to see; the rest may come a little later.
bool same_for_people(const State& a, const State& b) {
  return a.lifecycle == b.lifecycle && a.plan_held == b.plan_held && a.plan_verified == b.plan_verified &&
         a.plan_highest == b.plan_highest && a.key_set == b.key_set && a.areas == b.areas && a.muted == b.muted &&
         a.volume == b.volume && a.sounding == b.sounding && a.controller_heard == b.controller_heard && a.clock == b.clock && a.disk == b.disk &&
         same_hardware(a, b);
}

protocol::DiskHealth said_of(DiskState disk) {
  switch (disk) {
    case DiskState::ok: return protocol::DiskHealth::ok;
    case DiskState::full: return protocol::DiskHealth::full;
    case DiskState::read_only: return protocol::DiskHealth::read_only;
    case DiskState::failing: break;
  }
  return protocol::DiskHealth::failing;
}

bool remembers_much(const scheduler::History& history, const scheduler::Plan* plan) {
  return history.occurrences.size() > (plan ? plan->occurrences.size() : 0) + kMostRemembered;
}

bool same_counts(const State& a, const State& b) {
  return a.clips_wanted == b.clips_wanted && a.clips_held == b.clips_held && a.refusals == b.refusals &&
         a.log_id == b.log_id && a.disk_budget == b.disk_budget;
}

}  // namespace

Agent::Agent(Parts parts, Settings settings, Wishes wishes)
    : parts_(parts),
      settings_(std::move(settings)),
      wishes_(std::move(wishes)),
      reporter_(parts_.identity, parts_.keys, parts_.link, parts_.clock),
      ring_(parts_.identity.bundle.root_key) {}

void Agent::start() {
  load_keys();
  forget_marks();
  if (settings_.safe_mode.empty()) load_plan();
  heed_wishes();
  load_alerts();
  load_heard();
  if (parts_.history.is_new()) {
    if (parts_.store.marks().session_number > 0)
      parts_.conductor.history_lost();
    else
      parts_.history.settle();  // a board that never connected had no history to lose
  }
  tell_losses();
  set_brokers();
  last_head_ = last_home_ = parts_.clock.monotonic();
  lifecycle_.take(Event::loaded);
  protocol::LinkHandlers handlers;
  handlers.prepare_connect = [this] { return prepare_connect(); };
  handlers.connected = [this](const protocol::LinkSession& session) { on_connected(session.address); };
  handlers.disconnected = [this](const std::string& reason) { on_disconnected(reason); };
  handlers.message = [this](const protocol::LinkMessage& message) { on_message(message); };
  parts_.link.start(std::move(handlers));
}

protocol::ConnectTerms Agent::prepare_connect() {
  auto marks = parts_.store.marks();
  // Marks were lost, but not what the controller has heard: our sessions must still rise. Seconds outnumber them.
  if (marks.session_number == 0 && !parts_.keys.bundled()) marks.session_number = scheduler::to_ms(parts_.clock.now()) / 1000;
  ++marks.session_number;
  parts_.store.keep(marks);
  if (!parts_.store.is_written()) {  // the same again: a restart would forget this one
    marks.session_number = std::max(marks.session_number, scheduler::to_ms(parts_.clock.now()) / 1000);
    parts_.store.keep(marks);
  }
  parts_.keys.choose(parts_.clock.monotonic());
  protocol::ConnectTerms terms;
  terms.credentials = protocol::LinkCredentials{parts_.keys.speaking().certificate_pem, parts_.keys.speaking().tls_key_pem};
  terms.will = reporter_.begin_session(marks.session_number, state());
  if (parts_.clock.trusted()) terms.tls_time = parts_.clock.now();
  terms.dates_may_mislead = true;  // only a head corrects a wrong clock, and heads come over this connection
  terms.ca_pem = authorities();
  return terms;
}

void Agent::on_connected(const std::string& address) {
  broker_ = address;
  if (is_home(address)) last_home_ = parts_.clock.monotonic();
  if (std::exchange(looking_home_, false)) set_brokers();
  head_this_session_ = false;
  awaited_.resume(parts_.clock.monotonic());
  head_deadline_ = parts_.clock.monotonic() + head_patience_;
  for (const auto& filter : protocol::node_filters(parts_.identity.bundle.node)) parts_.link.subscribe(filter);
  for (const auto& area : chain()) parts_.link.subscribe(protocol::alert_topic(area));
  introduce_keys();
  parts_.log.send_again();
  report_asked_ = true;
  next_request_ = parts_.clock.monotonic();
  wishes_.wake();
}

void Agent::on_disconnected(const std::string& reason) {
  spdlog::info("no connection: {}", reason);
  tell_refused(reason);
  broker_.clear();
  head_this_session_ = false;
  awaited_.pause(parts_.clock.monotonic());
  if (looking_home_ && parts_.clock.monotonic() > last_home_) {  // not the end of the session that look_home() ended
    looking_home_ = false;
    set_brokers();
  }
  parts_.log.send_again();
  wishes_.wake();
}

Monotonic Agent::tick() {
  const auto now = parts_.clock.monotonic();
  if (stopping_) return now + kHousekeeping;
  if (now >= next_clock_look_) {
    parts_.clock.refresh();
    next_clock_look_ = now + kClockLook;
  }
  look_at_silence();
  ask_for_head();
  look_home();
  expire_waiting();
  look_at_awaited();
  look_at_waiting_orders();
  parts_.conductor.set_alerts(board_.alerts(parts_.clock.trusted()));
  const auto sound = parts_.conductor.run();
  if (!parts_.conductor.hurries()) {
    refresh_wants();
    parts_.disk.look();
    parts_.store.flush();
  }
  keep_alerts();
  keep_heard();
  look_at_shelf();
  settle();
  say_silence();
  report();
  look_at_keys();
  send_log();
  const bool soon = remembers_much(parts_.history.history(), parts_.conductor.plan());
  if (now >= next_housekeeping_ - (soon ? kHousekeeping - kHousekeepingSoon : 0s)) housekeeping();
  return next_wake(sound);
}

void Agent::look_at_silence() {
  if (parts_.clock.monotonic() - last_head_ <= 2 * settings_.state_period || !controller_heard_) return;
  spdlog::warn("controller unheard: no valid head for two state periods");
  controller_heard_ = false;
}

// A broker that did not know our rights when we connected takes subscriptions and states with a friendly answer and drops them,
// also after it has learnt them, so a session without a head is begun anew until one comes.
void Agent::ask_for_head() {
  const auto now = parts_.clock.monotonic();
  if (!parts_.link.connected() || head_this_session_ || now < head_deadline_) return;
  head_patience_ = std::min<std::chrono::nanoseconds>(head_patience_ * 2, kLongestHeadPatience);
  head_deadline_ = now + head_patience_;
  parts_.link.renew();
}

bool Agent::is_home(const std::string& address) const {
  const auto& home = parts_.identity.bundle.brokers;
  return std::find(home.begin(), home.end(), address) != home.end();
}

// A plan may name other brokers, and one by a stolen key those of a thief, where no newer key set is ever heard: so the bundle's are
// looked at again from time to time. Where they are gone, or nobody answers there, the round of all goes on.
void Agent::look_home() {
  const auto now = parts_.clock.monotonic();
  if (broker_.empty() || is_home(broker_) || now < last_home_ + kLookHome) return;
  last_home_ = now;
  looking_home_ = true;
  spdlog::info("looking at the bundle's brokers for newer keys");
  parts_.link.set_addresses(parts_.identity.bundle.brokers);
  parts_.link.renew();
}

void Agent::expire_waiting() {
  const auto now = parts_.clock.monotonic();
  for (auto& posted : board_.waited(now, knows_wishes())) {
    const About about{protocol::MessageType::alert, posted.snapshot.area, posted.snapshot.revision, posted.kid};
    if (!ring_.counts(posted.kid)) {
      reporter_.refused(about, {protocol::RefusalCode::revoked_key, "header/kid", "its key was revoked while it waited"});
      continue;
    }
    if (posted.snapshot.revision < parts_.store.marks().alert_highest(posted.snapshot.area)) {
      reporter_.refused(about, {protocol::RefusalCode::old_revision, "/rev", "the head names a higher revision for this area"});
      continue;
    }
    post_alert(std::move(posted));
  }
  for (auto held = held_.begin(); held != held_.end();) {
    if (held->deadline > now) {
      ++held;
      continue;
    }
    const auto message = std::move(held->message);
    held = held_.erase(held);
    reporter_.refused({protocol::parse_topic(message.topic)->type, parts_.identity.bundle.node, 0, ""},
                      {protocol::RefusalCode::unknown_key, "header/kid", "no key set named its key within 30 s"});
  }
}

// A head is the proof that what is held is old news, whoever keeps the new from us: it may be a cancel.
void Agent::look_at_awaited() {
  const auto now = parts_.clock.monotonic();
  for (const auto& area : awaited_.to_ask(now)) parts_.link.subscribe(protocol::alert_topic(area));
  for (const auto& [area, revision] : awaited_.overdue(now)) {
    const auto held = board_.revision(area);
    reporter_.refused({protocol::MessageType::alert, area, held, ""},
                      {protocol::RefusalCode::withheld, "/rev",
                       fmt::format("a head named alerts {} of {}, and they do not come: nothing older may sound", revision, area)});
    parts_.conductor.cancel_alerts(board_.remove(area), "withheld");
    parts_.store.drop_alert(area);
    wants_changed_ = true;
  }
}

void Agent::refresh_wants() {
  if (parts_.edge) {
    const auto ahead = parts_.edge->readings().fetch_ahead;
    const auto hour = std::chrono::floor<std::chrono::hours>(parts_.clock.now());  // not a new horizon at each look
    const auto until = ahead ? std::optional<scheduler::TimePoint>(hour + *ahead + 1h) : std::nullopt;
    if (until != fetch_until_) parts_.shelf.fetch_until(until);
    fetch_until_ = until;
  }
  if (!wants_changed_) return;
  wants_changed_ = false;
  const auto* plan = parts_.conductor.plan();
  auto bases = plan && !plan->files.empty() ? plan->files : parts_.identity.bundle.files;
  parts_.shelf.want(wanted_clips(plan, board_.alerts(true), parts_.clock.now(), &parts_.history.history()), std::move(bases));
}

void Agent::look_at_shelf() {
  const auto wanted = wanted_clips(parts_.conductor.plan(), {}, parts_.clock.now(), &parts_.history.history());
  verified_ = std::all_of(wanted.begin(), wanted.end(),
                          [this](const WantedClip& clip) { return parts_.shelf.find(clip.sha256).has_value(); });
  const auto before = shelf_.held;
  shelf_ = parts_.shelf.report();
  if (shelf_.held >= before) return;
  wants_changed_ = true;  // a clip that was here is not what its proof says any more: it must come again
  wishes_.wake();
}

// Tells the table of transitions what became true. While something sounds the plan's own events wait for the silence.
void Agent::settle() {
  const auto* plan = parts_.conductor.plan();
  auto sounding = parts_.conductor.sounding();
  if (sounding && is_self_test(sounding->occurrence_id)) sounding.reset();  // no part of a node's life: it needs no plan
  const auto now = lifecycle_.now();
  const bool sounded = now == Lifecycle::playing || now == Lifecycle::alerting;
  if (sounded && !sounding) {
    lifecycle_.take(Event::silence);
    plan_event_.reset();
  }
  Event event = Event::plan_lacking;
  if (plan && plan->until <= parts_.clock.now() && parts_.clock.trusted())
    event = Event::plan_ended;
  else if (plan)
    event = verified_ ? Event::files_complete : Event::files_missing;
  const bool silent_now = lifecycle_.now() != Lifecycle::playing && lifecycle_.now() != Lifecycle::alerting;
  if (silent_now && plan_event_ != event) {
    lifecycle_.take(event);
    plan_event_ = event;
  }
  if (!sounding) return;
  const bool alert = sounding->cls == scheduler::Class::emergency;
  const auto wanted = alert ? Lifecycle::alerting : Lifecycle::playing;
  if (lifecycle_.now() != wanted) lifecycle_.take(alert ? Event::alert_sounds : Event::broadcast_sounds);
}

State Agent::state() const {
  State state;
  const auto& marks = parts_.store.marks();
  state.lifecycle = lifecycle_.now();
  state.formats = {protocol::kFormat};
  state.plan_held = plan_held_;
  state.plan_verified = plan_held_ > 0 && verified_ && settings_.safe_mode.empty() ? plan_held_ : 0;
  state.plan_highest = marks.plan_highest();
  state.key_set = ring_.number();
  for (const auto& area : chain()) state.areas.push_back({area, board_.revision(area)});
  state.log_id = parts_.log.id();
  state.log_number = parts_.log.last_number();
  state.log_acked = parts_.log.acked();
  state.clock = parts_.clock.quality();
  state.clock_offset_ms = parts_.clock.offset_from_system().count();
  if (const auto bound = parts_.clock.bound()) state.clock_bound_ms = bound->count();
  if (const auto* wanted = parts_.conductor.settings()) {
    state.muted = wanted->mute;
    state.volume = wanted->volume;
  }
  if (const auto sounding = parts_.conductor.sounding()) {
    state.sounding = sounding->occurrence_id;
    state.volume = sounding->volume;
  }
  state.level_dbfs = parts_.conductor.last_level();
  if (parts_.edge) put_readings(state, parts_.edge->readings());
  state.controller_heard = controller_heard_;
  state.clips_wanted = shelf_.wanted;
  state.clips_held = shelf_.held;
  state.disk_free = shelf_.disk_free;
  state.disk_budget = shelf_.budget_bytes;
  state.disk = said_of(parts_.disk.state());
  state.last_refusal = reporter_.last_refusal();
  state.refusals = reporter_.refusals();
  if (!settings_.safe_mode.empty()) state.safe_mode = settings_.safe_mode;
  state.version = LOA_VERSION;
  state.os = settings_.os;
  return state;
}

void Agent::report() {
  if (!parts_.link.connected()) return;
  const auto now = parts_.clock.monotonic();
  const auto since = now - last_report_;
  auto current = state();
  bool due = report_asked_ || !reported_ || since >= settings_.state_period;
  if (!due && !same_for_people(*reported_, current)) due = since >= kChangeGap;
  if (!due && !same_counts(*reported_, current)) due = since >= kCountGap;
  if (!due) return;
  last_report_ = now;
  if (!reporter_.send(current)) return;  // the link is full: once more after the gap
  reported_ = std::move(current);
  report_asked_ = false;
}

void Agent::send_log() {
  if (!parts_.link.connected()) return;
  const auto now = parts_.clock.monotonic();
  if (parts_.log.waits_for_ack()) {
    if (now < log_deadline_) return;
    parts_.log.send_again();
    log_patience_ = std::min<std::chrono::nanoseconds>(log_patience_ * 2, kLongestLogPatience);
  }
  protocol::LogBatch batch;
  parts_.records.attempt([&] { batch.records = parts_.log.next_batch(); });
  if (batch.records.empty()) return;
  batch.node = parts_.identity.bundle.node;
  batch.issued = parts_.clock.now();
  batch.log_id = parts_.log.id();
  parts_.records.attempt([&] { parts_.log.sent(batch.records.back().number); });
  log_patience_ = std::max<std::chrono::nanoseconds>(log_patience_, kLogPatience);
  log_deadline_ = now + log_patience_;
  if (!reporter_.send(batch)) log_deadline_ = now + kChangeGap;
}

void Agent::housekeeping() {
  next_housekeeping_ = parts_.clock.monotonic() + kHousekeeping;
  keep_clock();
  const bool trusted = parts_.clock.trusted();
  const auto now = parts_.clock.now();
  parts_.records.attempt([&] {
    parts_.log.prune(trusted ? std::optional(now) : std::nullopt);
    if (trusted) parts_.history.forget_orders(now);
  });
  if (!trusted) return;
  constexpr scheduler::Millis kLeast = std::chrono::minutes(1);
  auto keep = kRemember;
  do {
    scheduler::prune(parts_.history.history(), parts_.conductor.plan(), board_.alerts(true), now, keep);
    keep = keep > kLeast ? keep / 4 : scheduler::Millis(0);
  } while (remembers_much(parts_.history.history(), parts_.conductor.plan()) && keep > scheduler::Millis(0));
}

Monotonic Agent::next_wake(Monotonic sound) const {
  const auto now = parts_.clock.monotonic();
  auto wake = std::min({sound, next_clock_look_, next_housekeeping_});
  if (const auto waiting = board_.next_deadline()) wake = std::min(wake, *waiting);
  if (const auto awaited = awaited_.next()) wake = std::min(wake, *awaited);
  for (const auto& held : held_) wake = std::min(wake, held.deadline);
  if (parts_.disk.state() != DiskState::ok) wake = std::min<Monotonic>(wake, now + kDiskLook);
  for (const auto& order : waiting_orders_) wake = std::min(wake, order.deadline);
  if (controller_heard_) wake = std::min<Monotonic>(wake, last_head_ + 2 * settings_.state_period + 1ms);
  if (!parts_.link.connected()) return std::max(wake, now);
  if (!head_this_session_) wake = std::min(wake, head_deadline_);
  wake = std::min(wake, next_look_at_keys());
  if (!is_home(broker_)) wake = std::min<Monotonic>(wake, last_home_ + kLookHome);
  wake = std::min<Monotonic>(wake, last_report_ + (report_asked_ ? std::chrono::milliseconds(kChangeGap) : settings_.state_period));
  if (parts_.log.waits_for_ack()) wake = std::min(wake, log_deadline_);
  if (reported_) {
    const auto current = state();
    if (!same_for_people(*reported_, current)) wake = std::min<Monotonic>(wake, last_report_ + kChangeGap);
    if (!same_counts(*reported_, current)) wake = std::min<Monotonic>(wake, last_report_ + kCountGap);
  }
  return std::max(wake, now);
}

void Agent::stop(std::chrono::milliseconds limit, std::function<void()> stopped) {
  stopping_ = true;
  parts_.disk.last_chance();
  parts_.conductor.pause_for_exit();
  keep_alerts();
  keep_heard();
  keep_clock();
  parts_.store.keep_all();
  parts_.store.flush();
  lifecycle_.take(Event::stop_asked);
  if (parts_.link.connected()) reporter_.send_gone(state());
  parts_.link.close(limit, [this, stopped = std::move(stopped)] {
    lifecycle_.take(Event::closed);
    stopped();
  });
}

}  // namespace loa::node
