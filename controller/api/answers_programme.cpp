#include "controller/api/answers.hpp"

namespace loa::api {
namespace {

// The job that still works on the programme's sound, or the last one where it failed.
std::optional<store::MediaJob> job_of(store::Session& db, const store::Programme& programme) {
  for (auto& job : store::list_media_jobs(db, {programme.area}))
    if (job.programme == programme.id) return job.state == store::JobState::done ? std::nullopt : std::optional(job);
  return {};
}

}  // namespace

json::object programme(store::Session& db, const store::Programme& p) {
  json::object answer;
  answer["id"] = p.id;
  answer["title"] = p.title;
  answer["area"] = p.area;
  answer["legal_field"] = p.legal_field;
  answer["legal_references"] = texts(p.legal_references);
  answer["issuing_body"] = p.issuing_body;
  answer["language"] = p.language;
  answer["text"] = p.script;
  answer["state"] = name_of(p.state);
  if (const auto found = p.clip_sha256.empty() ? std::nullopt : store::find_clip(db, p.clip_sha256))
    answer["clip"] = clip(*found);
  if (p.state == store::ProgrammeState::draft || p.state == store::ProgrammeState::rejected)
    if (const auto found = job_of(db, p)) answer["job"] = job(*found);
  answer["content_hash"] = p.content_hash;
  answer["author"] = user_name(db, p.author);
  if (p.origin) answer["origin"] = origin(*p.origin);
  if (p.decided && p.state == store::ProgrammeState::approved)
    answer["approved"] = json::object{
        {"by", user_name(db, p.approver)}, {"at", time_text(*p.decided)}, {"content_hash", p.approved_hash}};
  if (p.decided && !p.return_reason.empty())
    answer["returned"] =
        json::object{{"by", user_name(db, p.approver)}, {"at", time_text(*p.decided)}, {"reason", p.return_reason}};
  answer["created_at"] = time_text(p.created);
  answer["changed_at"] = time_text(p.changed);
  return answer;
}

json::object alert(store::Session& db, const store::AlertRow& row, const Reach& nodes, store::TimePoint now) {
  const auto state = store::state_of(row, now);
  json::object answer;
  answer["id"] = row.alert.id;
  answer["revision"] = row.alert.revision;
  answer["state"] = name_of(state);
  answer["area"] = row.alert.area;
  answer["status"] = name_of(row.alert.status);
  answer["event"] = row.alert.event;
  answer["title"] = row.alert.title;
  answer["language"] = row.alert.language;
  if (!row.alert.stock_clip.empty()) answer["stock_clip"] = row.alert.stock_clip;
  if (!row.script.empty()) answer["text"] = row.script;
  answer["speech"] = name_of(row.speech);
  if (!row.speech_problem.empty()) answer["speech_problem"] = row.speech_problem;
  if (const auto found = row.alert.clip ? store::find_clip(db, row.alert.clip->sha256) : std::nullopt)
    answer["clip"] = clip(*found);
  answer["repeats"] = row.alert.repeats;
  answer["repeat_every_s"] = row.alert.repeat_every.count() / 1000;
  answer["references"] = texts(row.alert.references);
  answer["reach"] = reach(nodes);
  if (row.confirmed) {
    answer["sent_at"] = time_text(row.alert.sent);
    answer["expires_at"] = time_text(row.alert.expires);
  }
  answer["created_by"] = user_name(db, row.creator);
  answer["created_at"] = time_text(row.created);
  if (row.cancelled) answer["cancelled_at"] = time_text(*row.cancelled);
  return answer;
}

}  // namespace loa::api
