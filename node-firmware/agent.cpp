#include "node-firmware/agent.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "node-firmware/self_test.hpp"
#include "protocol/topics.hpp"
#include "scheduler/succession.hpp"

namespace loa::node {

using namespace std::chrono_literals;

namespace {

constexpr auto kClockLook = 30s;
constexpr std::chrono::nanoseconds kHousekeeping = 1h, kHousekeepingSoon = 1min;
constexpr scheduler::Millis kRemember = 4 * 24h;  // outcomes that neither plan nor alerts name: each is a kilobyte of memory
constexpr std::size_t kMostRemembered = 1000;     // of them, then fewer days
constexpr auto kDiskLook = 5s;          // while it refuses

bool remembers_much(const scheduler::History& history, const scheduler::Plan* plan) {
  return history.occurrences.size() > (plan ? plan->occurrences.size() : 0) + kMostRemembered;
}

}  // namespace

Agent::Agent(Parts parts, Settings settings, Wishes wishes)
    : parts_(parts),
      settings_(std::move(settings)),
      wishes_(std::move(wishes)),
      reporter_(parts_.identity, parts_.keys, parts_.link, parts_.clock),
      ring_(parts_.identity.bundle.root_key) {
  for (auto* log : {&parts_.log, parts_.safe_log})
    if (log) outboxes_.emplace_back(Outbox::Parts{*log, parts_.records, reporter_, parts_.clock, parts_.identity.bundle.node});
}

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
  for (const auto& loss : parts_.records.take_losses()) reporter_.lost(loss);
  parts_.conductor.set_alerts(board_.alerts(parts_.clock.trusted()));
  parts_.link.watch(in_danger());
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
  if (parts_.link.connected())
    for (auto& outbox : outboxes_) outbox.send();
  const bool soon = remembers_much(parts_.history.history(), parts_.conductor.plan());
  if (now >= next_housekeeping_ - (soon ? kHousekeeping - kHousekeepingSoon : 0s)) housekeeping();
  return next_wake(sound);
}

// Whether an update or a cancel of what stands may come at any moment.
bool Agent::in_danger() const {
  const auto alerts = board_.alerts(true);
  return std::any_of(alerts.begin(), alerts.end(), [now = parts_.clock.now()](const auto& alert) {
    return alert.message != scheduler::AlertMessage::cancel && alert.expires > now;
  });
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

void Agent::housekeeping() {
  next_housekeeping_ = parts_.clock.monotonic() + kHousekeeping;
  keep_clock();
  const bool trusted = parts_.clock.trusted();
  const auto now = parts_.clock.now();
  parts_.records.attempt([&] {
    for (auto& outbox : outboxes_) outbox.log().prune(trusted ? std::optional(now) : std::nullopt);
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
  if (const auto next = next_of_session()) wake = std::min(wake, *next);
  if (!parts_.link.connected()) return std::max(wake, now);
  wake = std::min({wake, next_look_at_keys(), next_report()});
  for (const auto& outbox : outboxes_)
    if (const auto deadline = outbox.deadline()) wake = std::min(wake, *deadline);
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
