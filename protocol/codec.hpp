#pragma once
#include <string>
#include <string_view>

#include "protocol/messages.hpp"
#include "protocol/refusal.hpp"

namespace loa::protocol {

/// The payload JSON of each message in format 1. A value that no reader would take (an id that is none, a
/// number out of range, a list too long) is a bug in the caller: std::invalid_argument names the field.
/// Refusal sentences, their places, `version` and `os` are cut to their limit instead.
std::string encode(const KeySet& keys);
std::string encode(const Head& head);
std::string encode(const scheduler::Plan& plan);
std::string encode(const scheduler::AlertSnapshot& snapshot);
std::string encode(const Order& order);
std::string encode(const LogAck& ack);
std::string encode(const State& state);
std::string encode(const Receipt& receipt);
std::string encode(const LogBatch& batch);
std::string encode(const ControllerState& state);
std::string encode(const CertificateRequest& request);
std::string encode(const Certificate& certificate);
/// One play record alone: its canonical form, see record_chain.hpp.
std::string encode(const scheduler::PlayRecord& record);

/// The value in a payload JSON. Strict: an unknown, missing, doubled or mistyped field is refused as
/// malformed with its JSON pointer, another `v` as format_unknown, a text or list above its limit as
/// too_large. Where `node` (or `area`) is not empty a message meant for, or written by, another is refused as
/// wrong_audience.
Result<KeySet> decode_keys(std::string_view json);
Result<Head> decode_head(std::string_view json, std::string_view node = {});
Result<scheduler::Plan> decode_plan(std::string_view json, std::string_view node = {});
Result<scheduler::AlertSnapshot> decode_alert(std::string_view json, std::string_view area = {});
Result<Order> decode_order(std::string_view json, std::string_view node = {});
Result<LogAck> decode_log_ack(std::string_view json, std::string_view node = {});
Result<State> decode_state(std::string_view json, std::string_view node = {});
Result<Receipt> decode_receipt(std::string_view json, std::string_view node = {});
Result<LogBatch> decode_log(std::string_view json, std::string_view node = {});
Result<ControllerState> decode_controller_state(std::string_view json);
Result<CertificateRequest> decode_certificate_request(std::string_view json, std::string_view node = {});
Result<Certificate> decode_certificate(std::string_view json, std::string_view node = {});
Result<scheduler::PlayRecord> decode_record(std::string_view json);

}  // namespace loa::protocol
