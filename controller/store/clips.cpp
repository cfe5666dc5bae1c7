#include "controller/store/clips.hpp"

#include <algorithm>
#include <map>

#include "controller/store/columns.hpp"

namespace loa::store {

const char* name_of(JobState state) {
  switch (state) {
    case JobState::queued: return "queued";
    case JobState::running: return "running";
    case JobState::done: return "done";
    case JobState::failed: return "failed";
  }
  return "";
}

template <>
inline constexpr JobState sql::kLast<JobState> = JobState::failed;

template <>
struct sql::Fields<Clip> {
  static void visit(Columns& c, Clip& clip) {
    c("sha256", clip.sha256);
    c("bytes", clip.bytes);
    c("duration_ms", clip.duration);
    c("loudness_lufs", clip.loudness_lufs);
    c("true_peak_dbtp", clip.true_peak_dbtp);
    c("peak_limited", clip.peak_limited);
    c("made_from", clip.made_from);
    c("source_name", clip.source_name);
    c("created", clip.created);
  }
};

template <>
struct sql::Fields<StockClipRow> {
  static void visit(Columns& c, StockClipRow& row) {
    c("name", row.name);
    c("sha256", row.sha256);
    c("title", row.title);
  }
};

template <>
struct sql::Fields<AreaStockClip> {
  static void visit(Columns& c, AreaStockClip& row) {
    c("area", row.area);
    c("name", row.stock.name);
    c("sha256", row.stock.sha256);
    c("title", row.stock.title);
  }
};

template <>
struct sql::Fields<scheduler::StockClip> {
  static void visit(Columns& c, scheduler::StockClip& clip) {
    c("name", clip.name);
    c("sha256", clip.sha256);
    c("bytes", clip.bytes);
    c("duration_ms", clip.duration);
  }
};

template <>
struct sql::Fields<MediaJob> {
  static void visit(Columns& c, MediaJob& job) {
    c("id", job.id);
    c("programme", Reference{job.programme});
    c("area", job.area);
    c("kind", job.kind);
    c("source", job.source);
    c("source_name", job.source_name);
    c("state", job.state);
    c("percent", job.percent);
    c("clip_sha256", Reference{job.clip_sha256});
    c("error_code", job.error_code);
    c("error", job.error);
    c("creator", job.creator);
    c("created", job.created);
    c("finished", job.finished);
  }
};

void put_clip(Transaction& transaction, const Clip& clip) {
  Clip added = clip;
  added.created = transaction.now();
  if (sql::insert(transaction.session(), "clips", added, "on conflict do nothing") > 0)
    transaction.audit("add", "clip", clip.sha256, {}, clip.made_from + " " + clip.source_name);
}

std::optional<Clip> find_clip(Session& session, const std::string& sha256) {
  return sql::select_one<Clip>(session, "from clips where sha256 = :sha256", sql::params(sha256));
}

std::vector<std::string> list_clip_names(Session& session) {
  return sql::values<std::string>(session, "select sha256 from clips order by sha256");
}

bool put_stock_clip(Transaction& transaction, const StockClipRow& stock) {
  auto& session = transaction.session();
  if (!find_clip(session, stock.sha256)) return false;
  const auto held = sql::select_one<StockClipRow>(session, "from stock_clips where name = :name", sql::params(stock.name));
  if (held == stock) return true;
  sql::insert(session, "stock_clips", stock, sql::or_replace<StockClipRow>("name"));
  transaction.audit("put", "stock_clip", stock.name, {}, stock.sha256);
  return true;
}

std::vector<scheduler::StockClip> list_stock_clips(Session& session) {
  return sql::select_text<scheduler::StockClip>(session,
                                                "select s.name, c.sha256, c.bytes, c.duration_ms from stock_clips s"
                                                " join clips c on c.sha256 = s.sha256 order by s.name",
                                                {});
}

std::vector<StockClipRow> list_stock_clip_rows(Session& session) {
  return sql::select<StockClipRow>(session, "from stock_clips order by name");
}

bool put_area_stock_clip(Transaction& transaction, const AreaStockClip& clip) {
  auto& session = transaction.session();
  if (!find_clip(session, clip.stock.sha256)) return false;
  if (!sql::exists(session, "select 1 from areas where id = :id", sql::params(clip.area))) return false;
  const auto held = list_area_stock_clips(session, {clip.area});
  if (std::find(held.begin(), held.end(), clip) != held.end()) return true;
  const bool known = std::any_of(held.begin(), held.end(), [&](const auto& one) { return one.stock.name == clip.stock.name; });
  if (!known && held.size() >= kMaxAreaStock) return false;
  sql::insert(session, "area_stock_clips", clip, sql::or_replace<AreaStockClip>("area, name"));
  transaction.audit("put", "stock_clip", clip.stock.name, clip.area, clip.stock.sha256);
  return true;
}

bool drop_area_stock_clip(Transaction& transaction, const std::string& area, const std::string& name) {
  if (sql::execute(transaction.session(), "delete from area_stock_clips where area = :area and name = :name", sql::params(area, name)) == 0)
    return false;
  transaction.audit("drop", "stock_clip", name, area);
  return true;
}

std::vector<AreaStockClip> list_area_stock_clips(Session& session, const std::vector<std::string>& areas) {
  auto rows = sql::select<AreaStockClip>(session, "from area_stock_clips order by area, name");
  if (!areas.empty())
    std::erase_if(rows, [&](const auto& row) { return std::find(areas.begin(), areas.end(), row.area) == areas.end(); });
  return rows;
}

std::vector<AreaStockClip> stock_rows_under(Session& session, const std::vector<std::string>& areas) {
  std::map<std::string, AreaStockClip> by_name;
  for (auto& row : list_stock_clip_rows(session)) by_name[row.name] = {"", row};
  const auto own = list_area_stock_clips(session, areas);
  for (const auto& area : areas)
    for (const auto& row : own)
      if (row.area == area) by_name[row.stock.name] = row;
  std::vector<AreaStockClip> list;
  for (auto& [name, row] : by_name) list.push_back(std::move(row));
  return list;
}

std::vector<scheduler::StockClip> stock_clips_under(Session& session, const std::vector<std::string>& areas) {
  std::vector<scheduler::StockClip> list;
  for (const auto& [area, stock] : stock_rows_under(session, areas))
    if (const auto clip = find_clip(session, stock.sha256)) list.push_back({stock.name, clip->sha256, clip->bytes, clip->duration});
  return list;
}

void add_media_job(Transaction& transaction, const MediaJob& job) {
  MediaJob added = job;
  added.created = transaction.now();
  sql::insert(transaction.session(), "media_jobs", added);
  transaction.audit("add", "job", job.id, job.area, job.kind + " " + job.source_name);
}

bool update_media_job(Transaction& transaction, const MediaJob& job) {
  auto held = find_media_job(transaction.session(), job.id);
  if (!held) return false;
  const bool moved = held->state != job.state;
  held->state = job.state;
  held->percent = job.percent;
  held->clip_sha256 = job.clip_sha256;
  held->error_code = job.error_code;
  held->error = job.error;
  held->finished = job.finished;
  sql::update(transaction.session(), "media_jobs", *held, "id = :id", sql::params(job.id));
  if (moved) transaction.audit(name_of(job.state), "job", job.id, held->area, job.error);
  return true;
}

std::optional<MediaJob> find_media_job(Session& session, const std::string& id) {
  return sql::select_one<MediaJob>(session, "from media_jobs where id = :id", sql::params(id));
}

std::vector<MediaJob> list_media_jobs(Session& session, const std::vector<std::string>& roots, int limit) {
  return sql::select_text<MediaJob>(session,
                                    sql::kBranch + "select " + sql::columns_of<MediaJob>() +
                                        " from media_jobs where area in (select id from branch) order by created desc, id" +
                                        sql::limit(limit),
                                    sql::params(sql::roots_text(roots)));
}

std::vector<MediaJob> list_unfinished_jobs(Session& session) {
  return sql::select<MediaJob>(session, "from media_jobs where state in ('queued', 'running') order by created, id");
}

}  // namespace loa::store
