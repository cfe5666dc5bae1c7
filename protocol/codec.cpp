#include "protocol/codec.hpp"

#include <fmt/format.h>

#include "protocol/describe_alert.hpp"
#include "protocol/describe_messages.hpp"
#include "protocol/describe_record.hpp"
#include "protocol/json_reader.hpp"
#include "protocol/json_writer.hpp"

namespace loa::protocol {
namespace {

/// Reads a T whose member `whom` stands in the field `where`, and refuses it where it is not for, or by,
/// `expected`.
template <class T>
Result<T> decode_for(std::string_view json, std::string T::*whom, const char* where,
                     std::string_view expected) {
  auto value = read_json<T>(json);
  if (!value || expected.empty() || (*value).*whom == expected) return value;
  return Refusal{RefusalCode::wrong_audience, where,
                 fmt::format("\"{}\" is not {}", (*value).*whom, expected)};
}

}  // namespace

std::string encode(const KeySet& keys) { return write_json(keys); }
std::string encode(const Head& head) { return write_json(head); }
std::string encode(const scheduler::Plan& plan) { return write_json(plan); }
std::string encode(const scheduler::AlertSnapshot& snapshot) { return write_json(snapshot); }
std::string encode(const Order& order) { return write_json(order); }
std::string encode(const LogAck& ack) { return write_json(ack); }
std::string encode(const State& state) { return write_json(state); }
std::string encode(const Receipt& receipt) { return write_json(receipt); }
std::string encode(const LogBatch& batch) { return write_json(batch); }
std::string encode(const ControllerState& state) { return write_json(state); }
std::string encode(const CertificateRequest& request) { return write_json(request); }
std::string encode(const Certificate& certificate) { return write_json(certificate); }
std::string encode(const scheduler::PlayRecord& record) { return write_json(record); }

std::string proof_text(const CertificateRequest& request) {
  return "loa-certificate-request\n" + request.node + "\n" + request.id + "\n" + request.csr_pem;
}

Result<KeySet> decode_keys(std::string_view json) { return read_json<KeySet>(json); }
Result<Head> decode_head(std::string_view json, std::string_view node) {
  return decode_for(json, &Head::node, "/aud", node);
}
Result<scheduler::Plan> decode_plan(std::string_view json, std::string_view node) {
  return decode_for(json, &scheduler::Plan::node, "/aud", node);
}
Result<scheduler::AlertSnapshot> decode_alert(std::string_view json, std::string_view area) {
  return decode_for(json, &scheduler::AlertSnapshot::area, "/aud", area);
}
Result<Order> decode_order(std::string_view json, std::string_view node) {
  return decode_for(json, &Order::node, "/aud", node);
}
Result<LogAck> decode_log_ack(std::string_view json, std::string_view node) {
  return decode_for(json, &LogAck::node, "/aud", node);
}
Result<State> decode_state(std::string_view json, std::string_view node) {
  return decode_for(json, &State::node, "/node", node);
}
Result<Receipt> decode_receipt(std::string_view json, std::string_view node) {
  return decode_for(json, &Receipt::node, "/node", node);
}
Result<LogBatch> decode_log(std::string_view json, std::string_view node) {
  return decode_for(json, &LogBatch::node, "/node", node);
}
Result<ControllerState> decode_controller_state(std::string_view json) {
  return read_json<ControllerState>(json);
}
Result<CertificateRequest> decode_certificate_request(std::string_view json, std::string_view node) {
  return decode_for(json, &CertificateRequest::node, "/node", node);
}
Result<Certificate> decode_certificate(std::string_view json, std::string_view node) {
  return decode_for(json, &Certificate::node, "/aud", node);
}
Result<scheduler::PlayRecord> decode_record(std::string_view json) {
  return read_json<scheduler::PlayRecord>(json);
}

}  // namespace loa::protocol
