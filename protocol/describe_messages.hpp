#pragma once
#include "protocol/describe_plan.hpp"
#include "protocol/messages.hpp"

namespace loa::protocol {

template <class Visitor, DescribedAs<SigningKey> T>
void describe(Visitor& visit, T& key) {
  visit("kid", key.kid, id());
  visit("public_key", key.public_key);
  visit("may_sign", key.may_sign, List<>{0, 13});
  visit("branch", key.branch, area_id());
  visit("not_before", key.not_before);
  visit("not_after", key.not_after);
  visit("revoked", key.revoked);
  visit.must(key.not_before < key.not_after, "not_after", "not after not_before");
}

template <class Visitor, DescribedAs<KeySet> T>
void describe(Visitor& visit, T& keys) {
  visit.format();
  visit.constant("aud", "all");
  visit("iat", keys.issued);
  visit("rev", keys.number, kRevision);
  visit("keys", keys.keys, List<>{0, kMaxKeys});
  std::set<std::string_view> kids;
  for (const SigningKey& key : keys.keys) visit.must(kids.insert(key.kid).second, "keys", "a kid stands twice");
  visit("authorities", keys.authorities, List<TextRule>{1, kMaxAuthorities, certificate_text()});
}

template <class Visitor, DescribedAs<AreaHead> T>
void describe(Visitor& visit, T& area) {
  visit("area", area.area, area_id());
  visit("alert_revision", area.alert_revision, kRevision);
}

template <class Visitor, DescribedAs<Head> T>
void describe(Visitor& visit, T& head) {
  visit.format();
  visit("aud", head.node, id());
  visit("iat", head.issued);
  visit("nonce", head.nonce, nonce_or_empty());
  visit("plan_revision", head.plan_revision, kRevision);
  visit("key_set", head.key_set, kRevision);
  visit("areas", head.areas, List<>{1, kMaxAreas});
}

template <class Visitor, DescribedAs<Order> T>
void describe(Visitor& visit, T& order) {
  visit.format();
  visit("aud", order.node, id());
  visit("iat", order.issued);
  visit("exp", order.expires);
  visit("id", order.id, id());
  visit("kind", order.kind);
  visit("occurrence_id", order.occurrence_id, occurrence_id_or_empty());
  visit("from_number", order.from_number, kRevision);
  visit("areas", order.areas, List<TextRule>{1, kMaxAreas, area_id()});
  visit.must(order.issued < order.expires, "exp", "not after iat");
}

template <class Visitor, DescribedAs<LogAck> T>
void describe(Visitor& visit, T& ack) {
  visit.format();
  visit("aud", ack.node, id());
  visit("iat", ack.issued);
  visit("log_id", ack.log_id, id());
  visit("number", ack.number, kRevision);
  visit("areas", ack.areas, List<TextRule>{1, kMaxAreas, area_id()});
}

template <class Visitor, DescribedAs<RefusalReport> T>
void describe(Visitor& visit, T& report) {
  visit("code", report.code, word());
  visit("where", report.where, diagnostic(kMaxMessage));
  visit("message", report.message, diagnostic(kMaxMessage));
  visit("at", report.at);
}

template <class Visitor, DescribedAs<State> T>
void describe(Visitor& visit, T& state) {
  visit.format();
  visit.constant("aud", "controller");
  visit("node", state.node, id());
  visit("iat", state.issued);
  visit("session", state.session, id());
  visit("session_number", state.session_number, kCount);
  visit("sequence", state.sequence, kCount);
  visit("nonce", state.nonce, nonce_or_empty());
  visit("lifecycle", state.lifecycle);
  visit("formats", state.formats, List<Range>{1, kMaxFormats, {1, 1'000'000}});
  visit("plan_held", state.plan_held, kRevision);
  visit("plan_verified", state.plan_verified, kRevision);
  visit("plan_highest", state.plan_highest, kRevision);
  visit("key_set", state.key_set, kRevision);
  visit("areas", state.areas, List<>{0, kMaxAreas});
  visit("log_id", state.log_id, id_or_empty());
  visit("log_number", state.log_number, kRevision);
  visit("log_acked", state.log_acked, kRevision);
  visit("last_refusal", state.last_refusal);
  visit("refusals", state.refusals, List<Range>{0, 32, kCount});
  visit("clock", state.clock);
  visit("clock_offset_ms", state.clock_offset_ms, Range{-kTimeMs.high, kTimeMs.high});
  visit("clock_bound_ms", state.clock_bound_ms, kRevision);
  visit("muted", state.muted);
  visit("volume", state.volume, kPercent);
  visit("sounding", state.sounding, occurrence_id_or_empty());
  visit("level_dbfs", state.level_dbfs, kLevel);
  visit("level_kind", state.level_kind);
  visit("amplifier", state.amplifier);
  visit("amplifier_dbfs", state.amplifier_dbfs, kLevel);
  visit("controller_heard", state.controller_heard);
  visit("clips_wanted", state.clips_wanted, kCount);
  visit("clips_held", state.clips_held, kCount);
  visit("disk_free", state.disk_free, kCount);
  visit("disk_budget", state.disk_budget, kCount);
  visit("disk", state.disk);
  visit("signal_percent", state.signal_percent, kPercent);
  visit("supply", state.supply);
  visit("supply_mv", state.supply_mv, kMillivolts);
  visit("temperature_c", state.temperature_c, kCelsius);
  visit("data_used", state.data_used, kRevision);
  visit("data_budget", state.data_budget, kRevision);
  visit("safe_mode", state.safe_mode, diagnostic(kMaxMessage));
  visit("version", state.version, diagnostic(kMaxWord));
  visit("os", state.os, diagnostic(kMaxWord));
}

template <class Visitor, DescribedAs<Receipt> T>
void describe(Visitor& visit, T& receipt) {
  visit.format();
  visit.constant("aud", "controller");
  visit("node", receipt.node, id());
  visit("iat", receipt.issued);
  visit("id", receipt.id, id());
  visit("about", receipt.about);
  visit("subject", receipt.subject, id_or_empty());
  visit("revision", receipt.revision, kRevision);
  visit("accepted", receipt.accepted);
  visit("code", receipt.code, word());
  visit("where", receipt.where, diagnostic(kMaxMessage));
  visit("message", receipt.message, diagnostic(kMaxMessage));
  visit("key_id", receipt.key_id, id_or_empty());
  visit.must(receipt.accepted == receipt.code.empty(), "code", "a refusal has one, an acceptance has none");
}

template <class Visitor, DescribedAs<CertificateRequest> T>
void describe(Visitor& visit, T& request) {
  visit.format();
  visit.constant("aud", "controller");
  visit("node", request.node, id());
  visit("iat", request.issued);
  visit("id", request.id, id());
  visit("csr_pem", request.csr_pem, text(kMaxCsr));
  visit("signing_key", request.signing_key);
  visit("proof", request.proof, signature());
}

template <class Visitor, DescribedAs<Certificate> T>
void describe(Visitor& visit, T& certificate) {
  visit.format();
  visit("aud", certificate.node, id());
  visit("iat", certificate.issued);
  visit("request", certificate.request, id());
  visit("certificate_pem", certificate.certificate_pem, text(kMaxCertificate));
  visit("signing_key", certificate.signing_key);
  visit("areas", certificate.areas, List<TextRule>{1, kMaxAreas, area_id()});
}

template <class Visitor, DescribedAs<ControllerState> T>
void describe(Visitor& visit, T& state) {
  visit.format();
  visit.constant("aud", "all");
  visit("iat", state.issued);
  visit("session", state.session, id());
  visit("online", state.online);
}

}  // namespace loa::protocol
