#include "controller/broadcast/ingest.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <set>

#include "controller/store/alarms.hpp"
#include "controller/store/log_batches.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"

namespace loa::broadcast {

using protocol::MessageType;

namespace {

const char* about_of(MessageType type) {
  switch (type) {
    case MessageType::state: return "state";
    case MessageType::receipt: return "receipt";
    case MessageType::log: return "log";
    case MessageType::certificate_request: return "certificate-request";
    default: return "other";
  }
}

bool is_newer(const protocol::State& state, const std::optional<protocol::State>& held) {
  if (!held) return true;
  return std::pair(state.session_number, state.sequence) > std::pair(held->session_number, held->sequence);
}

// A will was signed before its session began: where the board has spoken in that session, only that it is gone is news.
bool is_testament(const protocol::State& said, const std::optional<protocol::State>& held) {
  return said.lifecycle == protocol::Lifecycle::gone && held && held->session == said.session;
}

// What the board said last, gone.
protocol::State last_word(protocol::State word, const protocol::State& said) {
  word.session_number = said.session_number;
  word.sequence = said.sequence;
  word.issued = said.issued;
  word.nonce = said.nonce;
  word.lifecycle = said.lifecycle;
  word.sounding.clear();
  if (word.log_id == said.log_id) word.log_number = std::max(word.log_number, said.log_number);
  return word;
}

// A retained state may have been said long ago: a node that knows the time dates it itself.
TimePoint said_at(const protocol::State& state, bool retained, TimePoint now) {
  const bool dated = retained && state.clock != scheduler::ClockQuality::untrusted;
  return dated ? std::min(now, state.issued) : now;
}

// Which refusals a person should look into: someone may speak in a node's name.
std::optional<store::AlarmKind> alarm_of(const store::RefusalRow& refusal, const std::optional<store::Node>& node) {
  if (refusal.code == "revision_ahead") return store::AlarmKind::revision_ahead;
  if (refusal.code == kBundleUsedTwice) return store::AlarmKind::bundle_used_twice;
  const bool by_another = refusal.code == protocol::name_of(protocol::RefusalCode::bad_signature) ||
                          refusal.code == protocol::name_of(protocol::RefusalCode::unknown_key);
  if (!by_another) return std::nullopt;
  return node && !node->retired ? store::AlarmKind::node_signature : store::AlarmKind::unknown_node;
}

std::optional<Change> raise_alarm_of(store::Transaction& transaction, const store::RefusalRow& refusal) {
  const auto node = store::find_node(transaction.session(), refusal.node);
  const auto kind = alarm_of(refusal, node);
  if (!kind) return std::nullopt;
  const auto alarm = store::raise_alarm(
      transaction, {*kind, refusal.node, node ? node->area : std::string(), refusal.about + ": " + refusal.message, refusal.count});
  return Change{"alarm", alarm.id, {}, alarm.area, store::name_of(*kind)};
}

}  // namespace

Ingest::Ingest(store::Store& store, Roster& roster, IngestHandlers handlers)
    : x_store(store), x_roster(roster), x_handlers(std::move(handlers)) {}

void Ingest::take(const protocol::LinkMessage& message, const protocol::Topic& topic) {
  if (message.payload.empty() || std::string_view(about_of(topic.type)) == "other") return;
  auto* known = x_roster.find(topic.id);
  if (!known)
    return refuse(topic.id, topic.type,
                  {protocol::RefusalCode::unknown_key, "/topic", "there is no node " + topic.id});
  if (topic.type == MessageType::state) return take_state(*known, message);
  if (topic.type == MessageType::receipt) return take_receipt(*known, message);
  if (topic.type == MessageType::log) return take_log(*known, message);
  if (topic.type == MessageType::certificate_request) return take_request(*known, message);
}

std::optional<protocol::Verified> Ingest::verify(KnownNode& known, const protocol::LinkMessage& message, MessageType type) {
  const auto& id = known.node.id;
  const auto verified = protocol::verify_from_node(message.payload, type, id, known.node.signing_key);
  if (verified) return *verified;
  if (verified.error().code == protocol::RefusalCode::bad_signature)
    for (const auto& keys : known.keys) {
      if (keys.signing_key == known.node.signing_key) continue;
      const auto other = protocol::verify_from_node(message.payload, type, id, keys.signing_key);
      if (!other) continue;
      if (keys.ended)
        refuse_former(known, keys, message, *other);
      else
        use_keys(known, keys);
      return keys.ended ? std::nullopt : std::optional(*other);
    }
  refuse(id, type, verified.error());
  return std::nullopt;
}

// The message shows that the board keeps the offered keys and that the broker takes their certificate, so the others end: from here on in
// memory, and on disk with the batch that holds this message. What was said with them ends too: whoever copied the bundle could have said a
// state whose numbers the board's own would never reach.
void Ingest::use_keys(KnownNode& known, const store::NodeKeys& keys) {
  const auto now = x_store.clock().now();
  const auto serial = keys.serial;
  spdlog::info("broadcast: {} speaks with its new keys, certificate {}", known.node.id, serial);
  for (auto& one : known.keys) {
    if (one.serial == serial) {
      one.used = now;
      known.node.signing_key = one.signing_key;
    } else if (!one.ended) {
      one.ended = now;
    }
  }
  known.node.certificate_serial = serial;
  known.state.reset();
  x_states.erase(known.node.id);
  x_taken[known.node.id] = serial;
}

// Not everything that former keys signed is somebody else's: the broker may send the will of the session in which they were still the
// node's own, bring back an old state, or repeat the request that the present keys answered.
void Ingest::refuse_former(const KnownNode& known, const store::NodeKeys& keys, const protocol::LinkMessage& message,
                           const protocol::Verified& verified) {
  const auto& id = known.node.id;
  if (message.retained) return;
  if (verified.type == MessageType::state && protocol::decode_state(verified.payload)->lifecycle == protocol::Lifecycle::gone) return;
  if (verified.type == MessageType::certificate_request) {
    const auto request = protocol::decode_certificate_request(verified.payload);
    for (const auto& one : known.keys)
      if (one.request == request->id) return;
  }
  const char* about = about_of(verified.type);
  if (keys.bundled)
    refuse(id, about, kBundleUsedTwice, "signature", "signed with the bundle's key, which ended when the board had made its own");
  else
    refuse(id, about, protocol::name_of(protocol::RefusalCode::bad_signature), "signature", "signed with keys that the board has given up");
}

void Ingest::take_refused(const std::string& request) {
  const auto envelope = protocol::open(request, MessageType::certificate_request);
  const auto* known = envelope ? x_roster.find(envelope->kid) : nullptr;
  if (!known) return;
  for (const auto& keys : known->keys) {
    if (!keys.bundled || !keys.ended) continue;
    if (!protocol::verify_from_node(request, MessageType::certificate_request, envelope->kid, keys.signing_key)) continue;
    refuse(envelope->kid, "certificate-request", kBundleUsedTwice, "signature", "a board with this bundle is refused by the broker: another board used it first");
    flush();
    return;
  }
}

void Ingest::take_request(KnownNode& known, const protocol::LinkMessage& message) {
  if (protocol::open(message.payload, MessageType::certificate)) return x_handlers.introduced(known, message.payload);
  const auto verified = verify(known, message, MessageType::certificate_request);
  if (!verified) return;
  if (const auto request = protocol::decode_certificate_request(verified->payload, known.node.id)) x_handlers.request(known, *request);
  flush();
}

void Ingest::take_state(KnownNode& known, const protocol::LinkMessage& message) {
  const auto& id = known.node.id;
  const auto verified = verify(known, message, MessageType::state);
  if (!verified) return;
  auto state = protocol::decode_state(verified->payload, id);
  if (!state) return refuse(id, MessageType::state, state.error());
  if (!is_newer(*state, known.state)) {
    const bool same = known.state && state->sequence == known.state->sequence && state->session == known.state->session;
    if (same) return x_handlers.again(known);
    if (!message.retained)
      refuse(id, MessageType::state,
             {protocol::RefusalCode::stale, "/sequence", "an older state than the newest known was said again"});
    return;
  }
  known.heard = said_at(*state, message.retained, x_store.clock().now());
  const bool only_presence = is_testament(*state, known.state);
  const auto before = known.state;
  known.state = only_presence ? last_word(*before, *state) : std::move(*state);
  known.silence_told = false;
  auto& waiting = x_states[id];
  waiting = {*known.state, known.heard, only_presence ? std::move(waiting.packet) : message.payload};
  x_handlers.state(known, before);
  flush();
}

void Ingest::take_receipt(KnownNode& known, const protocol::LinkMessage& message) {
  const auto& id = known.node.id;
  const auto verified = verify(known, message, MessageType::receipt);
  if (!verified) return;
  auto receipt = protocol::decode_receipt(verified->payload, id);
  if (!receipt) return refuse(id, MessageType::receipt, receipt.error());
  x_handlers.receipt(*receipt);
  if (x_receipts.size() < kMaxReceipts) x_receipts.push_back(std::move(*receipt));
  flush();
}

void Ingest::take_log(KnownNode& known, const protocol::LinkMessage& message) {
  const auto& id = known.node.id;
  const auto verified = verify(known, message, MessageType::log);
  if (!verified) return;
  auto batch = protocol::decode_log(verified->payload, id);
  if (!batch) return refuse(id, MessageType::log, batch.error());
  if (x_batches.size() >= kMaxBatches) {
    spdlog::warn("broadcast: too many log batches wait: dropping one of {}, which will send it again", id);
    return;
  }
  x_batches.push_back({std::move(*batch), message.payload});
  flush();
}

void Ingest::refuse(const std::string& node, MessageType about, const protocol::Refusal& refusal) {
  refuse(node, about_of(about), protocol::name_of(refusal.code), refusal.where, refusal.message);
}

void Ingest::refuse(const std::string& node, const std::string& about, const std::string& code, const std::string& where,
                    const std::string& message) {
  spdlog::warn("broadcast: refused {} of {}: {} {}: {}", about, node, code, where, message);
  const bool room = x_refusals.size() < kMaxRefusals;
  auto& row = x_refusals[(room ? node : std::string("others")) + " " + about + " " + code];
  const auto count = row.count + 1;
  row = {room ? node : "others", about, code, count, where, message, x_store.clock().now()};
}

bool Ingest::has_work() const {
  return !x_states.empty() || !x_receipts.empty() || !x_batches.empty() || !x_refusals.empty() || !x_taken.empty();
}

Ingest::Work Ingest::take_work() {
  Work work;
  work.taken.swap(x_taken);
  for (auto& [id, state] : x_states) work.states.push_back(std::move(state));
  x_states.clear();
  work.receipts.assign(std::make_move_iterator(x_receipts.begin()), std::make_move_iterator(x_receipts.end()));
  x_receipts.clear();
  for (auto& [key, refusal] : x_refusals) work.refusals.push_back(std::move(refusal));
  x_refusals.clear();
  while (!x_batches.empty() && work.batches.size() < kBatchesAtOnce) {
    work.batches.push_back(std::move(x_batches.front()));
    x_batches.pop_front();
  }
  return work;
}

// The disk failed: log batches come again from the nodes, the rest waits here.
void Ingest::put_back(Work work) {
  // A state that waited while other keys were taken was said with the ones before.
  for (auto& state : work.states)
    if (!x_taken.contains(state.state.node)) x_states.try_emplace(state.state.node, std::move(state));
  x_taken.merge(work.taken);
  for (auto& receipt : work.receipts) x_receipts.push_front(std::move(receipt));
  while (x_receipts.size() > kMaxReceipts) x_receipts.pop_back();
  for (auto& refusal : work.refusals) {
    auto [held, added] = x_refusals.try_emplace(refusal.node + " " + refusal.about + " " + refusal.code, refusal);
    if (!added) held->second.count += refusal.count;
  }
}

void Ingest::write_batch(store::Transaction& transaction, const SaidBatch& said, Done& done) {
  const auto& [batch, message] = said;
  const auto stored = store::keep_batch(transaction, batch, message);
  done.acks.push_back({batch.node, batch.log_id, stored.complete_to});
  const auto node = store::find_node(transaction.session(), batch.node);
  const auto area = node ? node->area : std::string();
  if (stored.broken_chain > 0) {
    const std::string what = "records do not follow the ones before them, or say otherwise than before";
    store::count_refusal(transaction, {batch.node, "log", "broken_chain", stored.broken_chain, "/records", what, transaction.now()});
    const auto alarm = store::raise_alarm(
        transaction, {store::AlarmKind::records_broken, batch.node, area,
                      fmt::format("log {}, records {} to {}: {}", batch.log_id, batch.records.front().number, batch.records.back().number, what),
                      stored.broken_chain});
    done.changes.push_back({"alarm", alarm.id, {}, alarm.area, store::name_of(alarm.kind)});
  }
  if (stored.added == 0) return;
  // What a resend repeats stands before what is new.
  for (auto i = batch.records.size() - std::min<std::size_t>(batch.records.size(), static_cast<std::size_t>(stored.added)); i < batch.records.size(); ++i)
    ++done.plays[batch.records[i].outcome];
  for (const auto& record : batch.records)
    done.changes.push_back({"occurrence", record.occurrence_id, batch.node, area, scheduler::name_of(record.outcome)});
}

Ingest::Done Ingest::write(store::Transaction& transaction, const Work& work) {
  Done done;
  auto& session = transaction.session();
  std::set<std::string> live;
  const auto area_of = [&](const std::string& id) {
    const auto node = store::find_node(session, id);
    return node ? node->area : std::string();
  };
  for (const auto& [node, serial] : work.taken)
    if (store::take_node_keys(transaction, node, serial)) done.keys_taken.push_back(node);
  for (const auto& state : work.states) {
    const auto& s = state.state;
    if (!store::put_node_state(transaction, state)) continue;
    done.changes.push_back({"node", s.node, s.node, area_of(s.node), protocol::name_of(s.lifecycle)});
    if (!s.log_id.empty()) store::note_log_end(transaction, s.node, s.log_id, s.log_number);
    const auto complete = s.log_id.empty() ? 0 : store::complete_to(session, s.node, s.log_id);
    if (complete != s.log_acked && complete <= s.log_number) done.acks.push_back({s.node, s.log_id, complete});
  }
  for (const auto& receipt : work.receipts) store::add_receipt(transaction, receipt);
  for (const auto& said : work.batches) write_batch(transaction, said, done);
  for (const auto& refusal : work.refusals) {
    store::count_refusal(transaction, refusal);
    if (auto raised = raise_alarm_of(transaction, refusal)) done.changes.push_back(std::move(*raised));
  }
  return done;
}

void Ingest::flush() {
  if (x_writing || !has_work()) return;
  x_writing = true;
  boost::asio::co_spawn(x_store.loop(), drain(), boost::asio::detached);
}

boost::asio::awaitable<Ingest::Done> Ingest::keep(std::shared_ptr<Work> work) {
  return x_store.write(store::system_actor(), [work](store::Transaction& t) { return write(t, *work); });
}

boost::asio::awaitable<void> Ingest::drain() {
  while (has_work()) {
    auto work = std::make_shared<Work>(take_work());
    bool failed = false;
    try {
      const auto done = co_await keep(work);
      for (const auto& [outcome, count] : done.plays) x_plays[outcome] += count;
      for (const auto& node : done.keys_taken) x_handlers.keys_taken(node);
      for (const auto& ack : done.acks) x_handlers.acknowledge(ack);
      for (const auto& change : done.changes) x_handlers.change(change);
    } catch (const std::exception& error) {
      spdlog::error("broadcast: cannot keep what nodes said: {}", error.what());
      failed = true;
    }
    if (failed) {
      put_back(std::move(*work));
      break;  // tried again at the next tick
    }
  }
  x_writing = false;
}

}  // namespace loa::broadcast
