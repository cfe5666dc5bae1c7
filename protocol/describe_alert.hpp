#pragma once
#include <algorithm>

#include "protocol/describe_plan.hpp"
#include "scheduler/alert.hpp"

namespace loa::protocol {

template <class Visitor, DescribedAs<scheduler::Alert> T>
void describe(Visitor& visit, T& alert) {
  visit("id", alert.id, id());
  visit("revision", alert.revision, kRevision);
  visit("message", alert.message);
  visit("status", alert.status);
  visit("references", alert.references, List<TextRule>{0, kMaxReferences, id()});
  visit("area", alert.area, area_id());
  visit("sent", alert.sent);
  visit("expires", alert.expires);
  visit("event", alert.event, text(kMaxWord));
  visit("title", alert.title, text(kMaxTitle));
  visit("language", alert.language, language_tag());
  visit("origin", alert.origin);
  visit("stock_clip", alert.stock_clip, name(kMaxWord));
  visit("clip", alert.clip);
  visit("repeats", alert.repeats, Range{0, 100});
  visit("repeat_every", alert.repeat_every, kDurationMs);
  visit.must(alert.sent < alert.expires, "expires", "not after sent");
}

template <class Visitor, DescribedAs<scheduler::AlertSnapshot> T>
void describe(Visitor& visit, T& snapshot) {
  visit.format();
  visit("aud", snapshot.area, area_id());
  visit("iat", snapshot.issued);
  visit("rev", snapshot.revision, kRevision);
  visit("alerts", snapshot.alerts, List<>{0, kMaxAlerts});
  std::set<std::string_view> ids;
  for (const scheduler::Alert& alert : snapshot.alerts) {
    visit.must(ids.insert(alert.id).second, "alerts", "an alert stands twice");
    visit.must(alert.area == snapshot.area, "alerts", "an alert is for another area than its snapshot");
  }
}

}  // namespace loa::protocol
