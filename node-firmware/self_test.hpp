#pragma once
#include <optional>
#include <string>
#include <vector>

#include "scheduler/plan.hpp"

namespace loa::node {

/// The occurrence that an order for a self-test becomes: the stock clip `chime` at the wanted volume, at once or not at all. It stands in no
/// plan and in no broadcast; everything else of an occurrence holds for it, so that an alert cuts it, the amplifier hears of it, and one record
/// tells of it.
scheduler::Occurrence self_test(const std::string& order_id, const scheduler::StockClip& chime, scheduler::TimePoint now);

/// Whether an occurrence is a self-test's.
bool is_self_test(const std::string& occurrence_id);

/// The chime that sounds: the plan's where it names one, else the one that came with the program; nothing where there is none.
std::optional<scheduler::StockClip> chime_of(const scheduler::WantedSettings* settings, const std::vector<scheduler::StockClip>& shipped);

/// `plan` with the test in it, for the playhead alone; settings stay, and an ended plan lends nothing but them.
scheduler::Plan with_self_test(const scheduler::Plan* plan, const scheduler::Occurrence& test);

}  // namespace loa::node
