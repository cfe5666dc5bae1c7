#pragma once
#include <string>
#include <vector>

#include "controller/api/answers.hpp"
#include "controller/api/call.hpp"
#include "controller/store/broadcasts.hpp"
#include "scheduler/policy.hpp"

namespace loa::api {

/// What a broadcast is of, a programme or a stream, as far as answers about it say.
struct Subject {
  std::string title;
  store::Millis duration{0};
  bool plain_http = false;  ///< a stream whose sound travels without TLS
};
Subject subject_of(store::Session& db, const store::Broadcast& broadcast);

/// What a request to schedule or to preview asks for, read and checked as far as the request alone tells.
struct WantedBroadcast {
  store::Broadcast broadcast;
  Subject subject;
};
http::Result<WantedBroadcast> read_broadcast(StoreCall& call);

/// Everything that the officer must know before saving: problems, coming occurrences, and the nodes aimed at.
struct Preview {
  std::vector<scheduler::Problem> problems;  ///< refusals first
  std::vector<scheduler::Coming> coming;
  bool more = false;
  Reach reach;
  const scheduler::Problem* refusal() const;
};
Preview preview(StoreCall& call, const WantedBroadcast& wanted);

/// The nodes that a broadcast is aimed at.
std::vector<store::NodeRow> nodes_of(store::Session& db, const store::Broadcast& broadcast);

/// Has everything planned anew whose plan the broadcast may be in.
void replan(Effects& effects, const store::Broadcast& broadcast);

}  // namespace loa::api
