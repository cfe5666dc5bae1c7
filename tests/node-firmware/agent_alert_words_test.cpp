#include <catch2/catch.hpp>

#include "listener.hpp"

using namespace loa;
using namespace loa::tests;
using scheduler::AlertStatus;

namespace {

struct Row {
  const char* name;
  std::function<void(Listener&)> act;
  std::string heard;
  std::string records;
};

const std::vector<Row> kRows{
    {"an exercise says that it is one before its stock words",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       alert.status = AlertStatus::exercise;
       alert.clip.reset();
       l.deliver({alert});
       l.listen(20s);
     },
     "tone exercise flood", "l-1.1.1 played  12/12"},
    {"a test says that it is one before its own words",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       alert.status = AlertStatus::test;
       l.fetched(alert);
       l.deliver({alert});
       l.listen(20s);
     },
     "tone test own", "l-1.1.1 played  11/11"},
    {"an exercise whose words are not on the node is silent",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       alert.status = AlertStatus::exercise;
       l.node.shelf.held.erase(std::string(64, "abcdef"['e' % 6]));
       l.deliver({alert});
       l.listen(20s);
     },
     "", ""},
    {"an own clip fetched while the stock words sound follows them",
     [](Listener& l) {
       const auto alert = l.alert("l-1");
       l.deliver({alert});
       l.listen(5s);
       l.fetched(alert);
       l.listen(20s);
     },
     "tone flood own", "l-1.1.1 played  14/14"},
    {"an own clip fetched minutes later sounds in the same occurrence",
     [](Listener& l) {
       const auto alert = l.alert("l-1");
       l.deliver({alert});
       l.listen(2min);
       CHECK(l.node.records().empty());
       l.fetched(alert);
       l.listen(20s);
     },
     "tone flood own", "l-1.1.1 played  14/14"},
    {"a restart does not forget the own clip that is to come",
     [](Listener& l) {
       const auto alert = l.alert("l-1");
       l.deliver({alert});
       l.listen(1min);
       l.node.kill();
       l.known.clear();
       l.node.boot();
       l.node.connect();
       l.fetched(alert);
       l.listen(20s);
     },
     "tone flood own", "l-1.1.1 played  14/14"},
    {"an own clip that no file address has is told as the reason",
     [](Listener& l) {
       const auto alert = l.alert("l-1");
       l.node.shelf.reasons[alert.clip->sha256] = "not_found";
       l.deliver({alert});
       l.listen(35min);
     },
     "tone flood", "l-1.1.1 partial not_found 8/8"},
    {"one who comes back half-way hears the repeat in force at once",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       l.fetched(alert);
       alert.sent -= 13min;
       alert.repeats = 3;
       l.deliver({alert});
       l.listen(20s);
     },
     "tone own", "l-1.1.1 skipped missed 0/6; l-1.1.2 played  9/9"},
    {"without a number of repeats it sounds until it expires",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       l.fetched(alert);
       alert.repeats = 0;
       alert.repeat_every = 20s;
       alert.expires = alert.sent + 50s;
       l.deliver({alert});
       l.listen(2min);
     },
     "tone own tone own tone own", "l-1.1.1 played  9/9; l-1.1.2 played  9/9; l-1.1.3 played  9/9"},
    {"an update cuts what it names and sounds itself",
     [](Listener& l) {
       const auto old = l.alert("l-1");
       l.deliver({old});
       l.listen(5s);
       auto update = l.alert("l-2");
       update.message = scheduler::AlertMessage::update;
       update.references = {"l-1"};
       l.fetched(update);
       l.deliver({old, update});
       l.listen(20s);
     },
     "tone flood tone own", "l-1.1.1 cancelled updated 5/8; l-2.1.1 played  9/9"},
    {"a cancel ends the wait for an own clip",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       l.deliver({alert});
       l.listen(20s);
       alert.message = scheduler::AlertMessage::cancel;
       alert.revision = 2;
       l.deliver({alert});
       l.listen(1s);
       l.fetched(alert);
       l.listen(20s);
     },
     "tone flood", "l-1.1.1 cancelled cancelled 8/8"},
    {"at its expiry an alert is cut",
     [](Listener& l) {
       auto alert = l.alert("l-1");
       alert.expires = alert.sent + 5s;
       l.deliver({alert});
       l.listen(20s);
     },
     "tone flood", "l-1.1.1 partial expired 5/8"},
};

}  // namespace

TEST_CASE("a node says of an alert what it is, in the alert's own words as soon as they are there") {
  for (const auto& row : kRows) {
    DYNAMIC_SECTION(row.name) {
      Listener listener;
      row.act(listener);
      CHECK(listener.heard == row.heard);
      CHECK(listener.records() == row.records);
    }
  }
}
