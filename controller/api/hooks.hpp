#pragma once
#include <array>
#include <boost/asio/awaitable.hpp>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "controller/http/problem.hpp"
#include "controller/media/jobs.hpp"
#include "protocol/messages.hpp"
#include "scheduler/alert.hpp"
#include "scheduler/plan.hpp"

namespace loa::api {

/// What making a bundle gives: the text of the file that the node joins with, and what the store keeps of it.
struct NewBoard {
  std::string bundle;
  std::array<unsigned char, 32> signing_key{};
  std::string certificate_serial;
  std::string certificate_pem;
};

/// One part of the controller as `/healthz` shows it.
struct HealthCheck {
  std::string name;
  bool ok = false;
  std::string detail;
};

/// Open alarms of one kind, as `/healthz` names them.
struct OpenAlarms {
  std::string kind;
  std::int64_t open = 0;
};

/// A sounding that nodes hold, as their signed plans on the broker say.
struct FoundSounding {
  std::string id, broadcast, programme, title;
  scheduler::Class cls = scheduler::Class::normal;
  scheduler::TimePoint due;
  std::string area;  ///< of one of the nodes
  std::int64_t nodes = 0;
};

/// What a controller on hold found of the time that its database does not know.
struct Found {
  std::int64_t key_set = 0;       ///< number of the controller's own
  std::int64_t key_set_seen = 0;  ///< highest that nodes or broker hold
  bool whole = true;              ///< false: there was more than is kept
  std::vector<FoundSounding> occurrences;
  std::vector<scheduler::Alert> alerts;  ///< of the newest snapshots on the broker, cancelled ones included
};

/// A voice as the page offers it; `id` is "synthesizer/voice".
struct VoiceChoice {
  std::string id;
  std::string name;
  std::string language;
};

/// What the api asks of the rest of the controller; controller/app sets all of them before the first request. Each is called on the
/// loop after the write it follows was committed, except `voices`, which is called on a worker thread because it may block.
struct Hooks {
  /// What the plans of nodes below these areas, and of these nodes, are made of has changed.
  std::function<void(std::vector<std::string> areas, std::vector<std::string> nodes)> plans_changed;
  /// Sign and publish an order that the store already has.
  std::function<void(protocol::Order)> send_order;
  /// The set of active alerts of this area has changed: sign and publish its snapshot at once.
  std::function<void(std::string area)> alert_changed;
  /// A node was added or moved: who may do what on the broker, and its head, follow.
  std::function<void(std::string node)> node_changed;
  /// Waits, a few seconds at most, until the broker was told of all node_changed() before: empty where it was, otherwise why it was not.
  std::function<boost::asio::awaitable<std::string>()> broker_told;
  /// Keys and bundle of a new board; `areas` is its chain, the root first.
  std::function<http::Result<NewBoard>(const std::string& node, const std::string& code,
                                       const std::vector<std::string>& areas)>
      make_board;
  /// A board whose bundle the broker refuses shows its request for a certificate, as it is signed; nothing in it is checked yet.
  std::function<void(std::string jws)> board_refused;
  /// The key set in force, nothing before the first was taken in.
  std::function<std::optional<protocol::KeySet>()> key_set;
  std::function<Found()> found;
  /// The store's recovery hold has ended: begin to publish.
  std::function<void()> hold_ended;
  std::function<std::vector<HealthCheck>()> health;
  /// Those kinds of which any is open.
  std::function<std::vector<OpenAlarms>()> open_alarms;
  /// As media::Jobs::start, find and media::ClipStore::work_file and path_of.
  std::function<std::optional<media::Problem>(media::Job)> start_job;
  std::function<std::optional<media::JobState>(const std::string& id)> find_job;
  std::function<std::filesystem::path()> upload_file;
  std::function<std::optional<std::filesystem::path>(std::string_view sha256)> clip_file;
  std::function<std::vector<VoiceChoice>()> voices;
};

}  // namespace loa::api
