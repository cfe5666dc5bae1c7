#pragma once
#include <string>
#include <vector>

#include "scheduler/alert.hpp"
#include "scheduler/history.hpp"
#include "scheduler/playhead.hpp"
#include "scheduler/record.hpp"

namespace loa::node {

/// The record of a broadcast's occurrence before anything was heard: all that lets it explain itself. What is planned to be
/// heard are its clips and streams; a pause is not.
scheduler::PlayRecord draft_of(const scheduler::Occurrence& occurrence);

/// The same for one sounding of an alert; `occurrence_id` ends in the repeat's number.
scheduler::PlayRecord draft_of(const scheduler::Alert& alert, const std::string& occurrence_id);

/// The draft for what has ended or begins, from whichever of plan and alerts names it; an empty one that carries only the
/// ids where neither does.
scheduler::PlayRecord draft_for(const std::string& occurrence_id, const std::string& alert_id, const scheduler::Plan* plan,
                                const std::vector<scheduler::Alert>& alerts);

/// Adds what one track let be heard to the draft: milliseconds, and level as power over time.
void add_heard(scheduler::PlayRecord& draft, std::int64_t before_ms, std::int64_t heard_ms, std::optional<double> level_dbfs);

/// The final record. `fault` is what the player or fetcher know of why something was not heard; it gives the playhead's
/// general words (`not_playable`, `not_fetched`) their real cause, a played occurrence of which more than a second was not heard becomes
/// partial: short, and one that sounded at silence, or for two seconds without any level that could tell (and neither fault nor restart
/// says why), failed: silent, also where only a part played.
scheduler::PlayRecord final_record(scheduler::PlayRecord draft, const scheduler::Ended& ended,
                                   const scheduler::OccurrenceHistory* known, const std::string& fault);

}  // namespace loa::node
