#include "controller/figures.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace loa::controller {

namespace {

using metrics::Family;
using metrics::Kind;
using metrics::Sample;

double seconds(scheduler::TimePoint time) { return static_cast<double>(scheduler::to_ms(time)) / 1000; }

Family single(const char* name, const char* help, Kind kind, double value) { return {name, help, kind, {{{}, value}}}; }

/// One figure for each entry of a map or list of pairs, under the label `label`.
template <class Entries, class Name>
Family labelled(const char* name, const char* help, Kind kind, const char* label, const Entries& entries, Name name_of_entry) {
  Family family{name, help, kind, {}};
  for (const auto& [key, value] : entries) family.samples.push_back({{{label, name_of_entry(key)}}, static_cast<double>(value)});
  return family;
}

const auto kAsItIs = [](const auto& key) { return std::string(key); };
const auto kByName = [](const auto& key) { return std::string(name_of(key)); };

void add_state(std::vector<Family>& all, const Measured& m) {
  all.push_back({"loa_build_info", "The running version; always 1.", Kind::gauge, {{{{"version", LOA_VERSION}}, 1}}});
  Family checks{"loa_check_good", "Whether one of the controller's own checks holds.", Kind::gauge, {}};
  for (const auto& check : m.checks) checks.samples.push_back({{{"check", check.name}}, check.good ? 1.0 : 0.0});
  all.push_back(std::move(checks));
  all.push_back(labelled("loa_alarms_open", "Alarms that are open, by kind.", Kind::gauge, "kind", m.open_alarms, kByName));
}

void add_nodes(std::vector<Family>& all, const broadcast::Figures& f) {
  all.push_back(labelled("loa_nodes", "Live nodes by what they last reported of themselves.", Kind::gauge, "state", f.nodes, kByName));
  all.push_back(single("loa_nodes_without_plan", "Nodes that are there and do not hold the plan that was signed for them.", Kind::gauge,
                       static_cast<double>(f.nodes_without_plan)));
  all.push_back(labelled("loa_plays_total", "Play records taken since the start, by outcome.", Kind::counter, "outcome", f.plays, kByName));
  all.push_back(labelled("loa_refused_by_nodes_total", "Plans, alerts and orders that nodes refused since the start, by code.", Kind::counter,
                         "code", f.refused_by_nodes, kAsItIs));
}

void add_queues(std::vector<Family>& all, const Measured& m) {
  const auto& f = m.broadcasting;
  Family outbox{"loa_outbox_waiting", "Publications that wait for the broker, by priority.", Kind::gauge, {}};
  for (std::size_t i = 0; i < f.outbox.size(); ++i)
    outbox.samples.push_back({{{"priority", broadcast::name_of(static_cast<broadcast::Priority>(i))}}, static_cast<double>(f.outbox[i])});
  all.push_back(std::move(outbox));
  const std::pair<const char*, std::size_t> inbox[] = {{"state", f.states}, {"receipt", f.receipts}, {"log", f.batches}};
  all.push_back(labelled("loa_inbox_waiting", "Messages of nodes that are not kept yet, by what they are.", Kind::gauge, "about", inbox, kAsItIs));
  all.push_back(single("loa_store_queue_waiting", "Calls that wait for the database.", Kind::gauge, static_cast<double>(m.store_waiting)));
  const std::pair<const char*, std::size_t> jobs[] = {{"waiting", m.jobs_waiting}, {"running", m.jobs_running}};
  all.push_back(labelled("loa_sound_jobs", "Sound files in work, by phase.", Kind::gauge, "phase", jobs, kAsItIs));
}

/// Until when each message type can still be signed, by the keys that are not revoked.
std::map<std::string, double> ends_of_keys(const protocol::KeySet& keys) {
  std::map<std::string, double> ends;
  for (const auto& key : keys.keys)
    if (!key.revoked)
      for (const auto type : key.may_sign) {
        auto& end = ends[protocol::name_of(type)];
        end = std::max(end, seconds(key.not_after));
      }
  return ends;
}

void add_ages(std::vector<Family>& all, const Measured& m) {
  Family certificates{"loa_certificate_not_after_timestamp_seconds",
                      "When a certificate, or the revocation list, ends; Unix time.", Kind::gauge, {}};
  for (const auto& one : m.lifetimes) certificates.samples.push_back({{{"certificate", one.name}}, seconds(one.ends)});
  all.push_back(std::move(certificates));
  all.push_back(single("loa_key_set_number", "Number of the key set in force.", Kind::gauge, static_cast<double>(m.keys.number)));
  all.push_back(labelled("loa_key_not_after_timestamp_seconds", "Until when some working key may sign messages of a type; Unix time.", Kind::gauge,
                         "type", ends_of_keys(m.keys), kAsItIs));
  if (!m.backup) return;  // absent() is what the rules ask for then
  all.push_back(single("loa_backup_last_success_timestamp_seconds", "The moment that the last good backup holds; Unix time, 0 where none was made.",
                       Kind::gauge, seconds(m.backup->made)));
  all.push_back(single("loa_backup_last_failed", "Whether the last try to make a backup failed.", Kind::gauge, m.backup->failed ? 1 : 0));
}

void add_refusals(std::vector<Family>& all, const Measured& m) {
  // Codes are words of ours; should the table ever hold more of them than there are, the rest is one.
  constexpr std::size_t kMostCodes = 60;
  Family family{"loa_refusals_total", "Messages in the name of nodes that the controller did not take, by code.", Kind::counter, {}};
  double others = 0;
  for (const auto& [code, count] : m.refusals) {
    if (family.samples.size() < kMostCodes)
      family.samples.push_back({{{"code", code}}, static_cast<double>(count)});
    else
      others += static_cast<double>(count);
  }
  if (others > 0) family.samples.push_back({{{"code", "others"}}, others});
  all.push_back(std::move(family));
}

void add_http(std::vector<Family>& all, const Measured& m) {
  Family answers{"loa_http_responses_total", "Answers by class of their status.", Kind::counter, {}};
  for (std::size_t i = 1; i < m.http.answers.size(); ++i)
    answers.samples.push_back({{{"class", std::to_string(i) + "xx"}}, static_cast<double>(m.http.answers[i])});
  all.push_back(std::move(answers));
  all.push_back(single("loa_http_connections", "Open connections.", Kind::gauge, static_cast<double>(m.http_connections)));
  const std::pair<const char*, std::uint64_t> refused[] = {{"all", m.http.refused_full}, {"address", m.http.refused_address}};
  all.push_back(labelled("loa_http_connections_refused_total", "Connections that were one too many, of all or of one address.", Kind::counter,
                         "bound", refused, kAsItIs));
  const std::pair<const char*, std::uint64_t> slow[] = {{"handshake", m.http.slow_handshake},
                                                        {"header", m.http.slow_header},
                                                        {"body", m.http.slow_body},
                                                        {"answer", m.http.slow_reader}};
  all.push_back(labelled("loa_http_slow_clients_total", "Connections that were ended because their client was too slow, by where.", Kind::counter,
                         "at", slow, kAsItIs));
}

void add_children(std::vector<Family>& all, const Measured& m) {
  Family family{"loa_children_ended_total", "Child programs by how they ended; `confined`: tried what it may not.", Kind::counter, {}};
  const std::pair<const char*, const process::Tally*> tallies[] = {{"speech", m.speakers}, {"transcode", m.transcoders}};
  for (const auto& [child, tally] : tallies)
    for (std::size_t i = 0; tally && i < process::kEnds; ++i) {
      const auto end = static_cast<process::End>(i);
      family.samples.push_back({{{"child", child}, {"end", process::name_of(end)}}, static_cast<double>(tally->of(end))});
    }
  all.push_back(std::move(family));
}

void add_process(std::vector<Family>& all, const OwnProcess& p) {
  all.push_back(single("process_cpu_seconds_total", "User and system CPU time of the controller.", Kind::counter, p.cpu_seconds));
  all.push_back(single("process_resident_memory_bytes", "Resident memory of the controller.", Kind::gauge, p.resident_bytes));
  all.push_back(single("process_open_fds", "Open file descriptors of the controller.", Kind::gauge, p.open_files));
  all.push_back(single("process_start_time_seconds", "When the controller was started; Unix time.", Kind::gauge, p.started));
}

}  // namespace

OwnProcess own_process() {
  OwnProcess process;
  std::error_code error;
  for ([[maybe_unused]] const auto& file : std::filesystem::directory_iterator("/proc/self/fd", error)) ++process.open_files;
  const double ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::ifstream stat("/proc/self/stat"), uptime("/proc/uptime"), statm("/proc/self/statm");
  std::string line;
  std::getline(stat, line);
  // The name, in brackets, may hold anything; proc(5) counts the fields after it from 3.
  std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
  std::string word;
  double started_ticks = 0;
  for (int field = 3; fields >> word; ++field) {
    if (field == 14 || field == 15) process.cpu_seconds += std::strtod(word.c_str(), nullptr) / ticks;
    if (field == 22) started_ticks = std::strtod(word.c_str(), nullptr);
  }
  double up = 0, size = 0, resident = 0;
  uptime >> up;
  statm >> size >> resident;
  process.resident_bytes = resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  process.started = now - up + started_ticks / ticks;
  return process;
}

std::vector<Family> figures_of(const Measured& measured, const OwnProcess& process) {
  std::vector<Family> all;
  add_state(all, measured);
  add_nodes(all, measured.broadcasting);
  add_refusals(all, measured);
  add_queues(all, measured);
  add_ages(all, measured);
  add_http(all, measured);
  add_children(all, measured);
  add_process(all, process);
  return all;
}

}  // namespace loa::controller
