#include "tests/protocol/samples.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

#include "protocol/base64url.hpp"
#include "protocol/codec.hpp"
#include "protocol/envelope.hpp"
#include "protocol/key_ring.hpp"
#include "protocol/record_chain.hpp"
#include "tests/support/places.hpp"
#include "tests/support/sample_authority.hpp"

namespace loa::protocol::samples {
namespace {

using namespace std::chrono_literals;
using scheduler::from_ms;

const std::string kClip = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
const std::string kStock = "60303ae22b998861bce3b28f33eec1be758a213c86c93c076dbe9f558c11c752";
const std::string kBroadcast = "b-3mzqk5d7vyxw2ptrc4hnaj6s7u";
const std::string kOccurrence = kBroadcast + "@20261124T220000Z";
const std::string kAlertId = "l-o4wnt2zqb7rgx5vhd3kycm6paq";
const std::string kLog = "log-f7y2mxd5q3krz4wtvh6cbnp2ja";

scheduler::Item clip(std::int64_t milliseconds) {
  return {scheduler::ItemKind::clip, scheduler::Millis{milliseconds}, kClip, 182'450, "", false};
}

scheduler::Item stream() {
  return {scheduler::ItemKind::stream, 10min, "", 0, "http://stream.hue.example/relay.mp3", true};
}

scheduler::Origin origin() { return {"ttcs-hue", "BT-2026-0117", 3}; }

scheduler::Occurrence occurrence() {
  scheduler::Occurrence value;
  value.id = kOccurrence;
  value.broadcast_id = kBroadcast;
  value.programme_id = "p-t5cxw7zq2vnd4mkrh3ybgj6aoe";
  value.title = "Luật Đất đai 2024: \"những điểm mới\"";
  value.legal_field = "đất đai";
  value.language = "vi";
  value.cls = scheduler::Class::priority;
  value.origin = origin();
  value.due = now() + 1h;
  value.duration = 622s;
  value.items = {clip(20'000), {scheduler::ItemKind::pause, 2s, "", 0, "", false}, stream()};
  value.substitutes = {clip(20'000)};
  value.after_interrupt = scheduler::AfterInterrupt::join;
  value.late = scheduler::LateRule::skip;
  value.late_limit = 5min;
  value.volume = 80;
  return value;
}

scheduler::PlayRecord record(std::int64_t number, std::string previous) {
  scheduler::PlayRecord value;
  value.log_id = kLog;
  value.number = number;
  value.previous_hash = std::move(previous);
  value.occurrence_id = kOccurrence;
  value.broadcast_id = kBroadcast;
  value.programme_id = "p-t5cxw7zq2vnd4mkrh3ybgj6aoe";
  value.title = "Luật Đất đai 2024: \"những điểm mới\"";
  value.legal_field = "đất đai";
  value.language = "vi";
  value.cls = scheduler::Class::priority;
  value.origin = origin();
  value.due = now() + 1h;
  value.started = now() + 1h + 1ms;
  value.start_error_us = 412;
  value.heard_ms = 300'000;
  value.planned_ms = 622'000;
  value.clip_sha256 = kClip;
  value.volume = 80;
  value.level_dbfs = -19.35;
  value.level_kind = scheduler::LevelKind::measured;
  value.amplifier_dbfs = -24.5;
  value.clock = scheduler::ClockQuality::synced;
  value.clock_bound_ms = 4;
  value.outcome = scheduler::Outcome::partial;
  value.reason = "interrupted";
  value.interrupted_by = kAlertId + ".2.1";
  value.recorded = now() + 2h;
  return value;
}

scheduler::PlayRecord alert_record(const scheduler::PlayRecord& before) {
  scheduler::PlayRecord value = record(before.number + 1, record_hash(before));
  value.occurrence_id = kAlertId + ".2.1";
  value.broadcast_id.clear();
  value.alert_id = kAlertId;
  value.cls = scheduler::Class::emergency;
  value.outcome = scheduler::Outcome::skipped;
  value.reason = "muted";
  value.started.reset();
  value.start_error_us.reset();
  value.level_dbfs.reset();
  value.amplifier_dbfs.reset();
  value.heard_ms = 0;
  return value;
}

SigningKey signing_key(std::string kid, std::vector<MessageType> may_sign, const std::string& branch) {
  return {std::move(kid),      test_key("controller").public_key(),
          std::move(may_sign), branch,
          now() - 24h,         now() + 24h * 365,
          std::nullopt};
}

template <class T>
Result<std::string> again(const Result<T>& value) {
  if (!value) return value.error();
  return encode(*value);
}

}  // namespace

TimePoint now() { return from_ms(1'795'557'600'000); }

PrivateKey test_key(const std::string& name) {
  auto key = PrivateKey::from_pem(golden("test-" + name + ".pem"));
  if (!key) throw std::runtime_error("no test key " + name);
  return *std::move(key);
}

std::string golden(const std::string& name) {
  std::ifstream file{tests::source_folder() / "tests/golden" / name, std::ios::binary};
  if (!file) throw std::runtime_error("tests/golden/" + name + " is missing");
  return {std::istreambuf_iterator<char>{file}, {}};
}

KeySet keys() {
  using enum MessageType;
  SigningKey revoked = signing_key("hue-2025-1", {head, plan}, "hue");
  revoked.revoked = now() - 1h;
  return {7,
          now(),
          {signing_key(kKid, {head, plan, alert, order, log_ack, controller_state, certificate}, "hue"), revoked,
           signing_key("hue-bulletin", {bulletin}, "hue-19753")},
          {{tests::kSampleAuthority}}};
}

Head head() {
  return {kNode, "Zm9vYmFyYmF6cXV4MTIzNA",
          now(), 1'795'557'500'000,
          7,     {{"hue", 12}, {"hue-19753", 1'795'550'000'000}}};
}

scheduler::Plan plan() {
  scheduler::Plan value;
  value.node = kNode;
  value.revision = 1'795'557'500'000;
  value.made = now();
  value.from = now() - 1h;
  value.until = now() + 24h * 16;
  value.areas = kChain;
  value.settings = {true, 70, 90, {{1320, 1440, 40}}, {{"lũ lụt", kStock, 90'210, 12s}}, "lũ lụt"};
  value.brokers = {"mqtts://loa.hue.example:8883"};
  value.files = {"https://loa.hue.example:8443", "https://cdn.hue.example"};
  value.fallback = {true,
                    {"https://gateway.hue.example"},
                    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
                    2h,
                    {{300, 420}},
                    {stream()}};
  value.occurrences = {occurrence()};
  return value;
}

scheduler::AlertSnapshot alert() {
  scheduler::Alert value;
  value.id = kAlertId;
  value.revision = 2;
  value.message = scheduler::AlertMessage::update;
  value.status = scheduler::AlertStatus::exercise;
  value.references = {"l-a2wnt2zqb7rgx5vhd3kycm6paq"};
  value.area = "hue-19753";
  value.sent = now();
  value.expires = now() + 6h;
  value.event = "flood";
  value.title = "Lũ trên sông Hương";
  value.language = "vi";
  value.origin = origin();
  value.stock_clip = "lũ lụt";
  value.clip = clip(15'000);
  value.repeats = 3;
  value.repeat_every = 10min;
  return {"hue-19753", 1'795'557'600'000, now(), {value}};
}

Order order() {
  return {
      "o-k3vnt2zqb7rgx5vhd3kycm6paq", kNode, now(), now() + 60s, OrderKind::stop, kOccurrence, 17, kChain};
}

LogAck log_ack() { return {kNode, now(), kLog, 42, kChain}; }

State state() {
  State value;
  value.node = kNode;
  value.session = "s-b4vnt2zqb7rgx5vhd3kycm6paq";
  value.session_number = 31;
  value.sequence = 4;
  value.issued = now();
  value.nonce = "Zm9vYmFyYmF6cXV4MTIzNA";
  value.lifecycle = Lifecycle::playing;
  value.formats = {1};
  value.plan_held = 1'795'557'400'000;
  value.plan_verified = 1'795'557'300'000;
  value.plan_highest = 1'795'557'500'000;
  value.key_set = 7;
  value.areas = {{"hue", 12}, {"hue-19753", 1'795'550'000'000}};
  value.log_id = kLog;
  value.log_number = 44;
  value.log_acked = 42;
  value.last_refusal =
      RefusalReport{"old_revision", "/rev", "the plan is below what a head named", now() - 5s};
  value.refusals = {{"bad_signature", 2}, {"old_revision", 1}};
  value.clock = scheduler::ClockQuality::head;
  value.clock_offset_ms = -137;
  value.clock_bound_ms = 85;
  value.muted = true;
  value.volume = 70;
  value.sounding = kOccurrence;
  value.level_dbfs = -21.4;
  value.level_kind = scheduler::LevelKind::measured;
  value.amplifier = Amplifier::on;
  value.amplifier_dbfs = -26.5;
  value.controller_heard = false;
  value.clips_wanted = 9;
  value.clips_held = 8;
  value.disk_free = 2'147'483'648;
  value.disk_budget = 1'073'741'824;
  value.disk = DiskHealth::read_only;
  value.signal_percent = 63;
  value.supply = Supply::battery;
  value.supply_mv = 12'400;
  value.temperature_c = 61.5;
  value.data_used = 734'003'200;
  value.data_budget = 2'147'483'648;
  value.safe_mode = "ended 5 times within 10 minutes of its start, last by signal 11";
  value.version = "0.1.0";
  value.os = "Debian GNU/Linux 12";
  return value;
}

Receipt receipt() {
  return {kNode,         "r-c4vnt2zqb7rgx5vhd3kycm6paq",
          now(),         MessageType::plan,
          kNode,         1'795'557'500'000,
          false,         "key_not_allowed",
          "header/kid",  "the key hue-bulletin may not sign loa-plan",
          "hue-bulletin"};
}

LogBatch log() {
  const auto first = record(43, "b5bb9d8014a0f9b1d61e21e796d78dccdf1352f23cd32812f4850b878ae4944c");
  return {kNode, now() + 2h, kLog, {first, alert_record(first)}};
}

ControllerState controller_state() { return {true, now(), "s-d4vnt2zqb7rgx5vhd3kycm6paq"}; }

CertificateRequest certificate_request() {
  CertificateRequest value;
  value.node = kNode;
  value.id = "q-h5vnt2zqb7rgx5vhd3kycm6paq";
  value.issued = now();
  value.csr_pem = "-----BEGIN CERTIFICATE REQUEST-----\nMIHs\n-----END CERTIFICATE REQUEST-----\n";
  value.signing_key = test_key("node").public_key();
  value.proof = to_base64url(test_key("node").sign(proof_text(value)));
  return value;
}

Certificate certificate() {
  return {kNode, now(), "q-h5vnt2zqb7rgx5vhd3kycm6paq", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
          test_key("node").public_key(), kChain};
}

Bundle bundle() {
  Bundle value;
  value.node = kNode;
  value.code = "HUE-19753-01";
  value.tls_certificate_pem = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n";
  value.tls_key_pem = "-----BEGIN PRIVATE KEY-----\nMIGH\n-----END PRIVATE KEY-----\n";
  value.ca_pem = "-----BEGIN CERTIFICATE-----\nMIIC\n-----END CERTIFICATE-----\n";
  value.signing_key_pem = golden("test-node.pem");
  value.brokers = {"mqtts://loa.hue.example:8883"};
  value.files = {"https://loa.hue.example:8443"};
  value.areas = kChain;
  value.root_key = test_key("root").public_key();
  value.key_set = sign(MessageType::keys, kRootKid, encode(keys()), test_key("root"));
  return value;
}

std::vector<Message> all_messages() {
  const auto with = [](const auto& value) { return encode(value); };
  return {
      {"keys", with(keys()), [](std::string_view json) { return again(decode_keys(json)); }},
      {"head", with(head()), [](std::string_view json) { return again(decode_head(json)); }},
      {"plan", with(plan()), [](std::string_view json) { return again(decode_plan(json)); }},
      {"alert", with(alert()), [](std::string_view json) { return again(decode_alert(json)); }},
      {"order", with(order()), [](std::string_view json) { return again(decode_order(json)); }},
      {"log-ack", with(log_ack()), [](std::string_view json) { return again(decode_log_ack(json)); }},
      {"state", with(state()), [](std::string_view json) { return again(decode_state(json)); }},
      {"receipt", with(receipt()), [](std::string_view json) { return again(decode_receipt(json)); }},
      {"log", with(log()), [](std::string_view json) { return again(decode_log(json)); }},
      {"controller-state", with(controller_state()),
       [](std::string_view json) { return again(decode_controller_state(json)); }},
      {"certificate-request", with(certificate_request()),
       [](std::string_view json) { return again(decode_certificate_request(json)); }},
      {"certificate", with(certificate()),
       [](std::string_view json) { return again(decode_certificate(json)); }},
      {"bundle", with(bundle()), [](std::string_view json) { return again(decode_bundle(json)); }},
  };
}

}  // namespace loa::protocol::samples
