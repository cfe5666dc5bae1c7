#include <catch2/catch.hpp>
#include <functional>

#include "tests/controller/store/fixture.hpp"

using namespace loa::store;

TEST_CASE("a programme goes from draft over waiting to approved, and any change makes it a draft again") {
  Province province;
  auto& session = *province.session;
  const auto approved = province.approved();
  CHECK(approved.state == ProgrammeState::approved);
  CHECK(approved.approved_hash == approved.content_hash);
  CHECK(approved.approver == "u-someone");
  CHECK(approved.duration == Millis{30000});

  struct Row {
    const char* name;
    std::function<void(Programme&)> change;
  };
  const Row rows[] = {
      {"title", [](Programme& p) { p.title += "!"; }},
      {"script", [](Programme& p) { p.script += "!"; }},
      {"legal references", [](Programme& p) { p.legal_references.pop_back(); }},
      {"language", [](Programme& p) { p.language = "ta"; }},
      {"origin", [](Programme& p) { p.origin = loa::scheduler::Origin{"province", "7", 1}; }},
      {"clip", [](Programme& p) { p.clip_sha256 = std::string(64, 'b'); }},
  };
  province.write([](Transaction& t) { put_clip(t, Province::clip('b')); });
  for (const auto& row : rows) {
    INFO(row.name);
    auto changed = province.approved();
    row.change(changed);
    REQUIRE(province.write([&](Transaction& t) { return update_programme(t, changed); }));
    const auto held = *find_programme(session, changed.id);
    CHECK(held.state == ProgrammeState::draft);
    CHECK(held.approved_hash.empty());
    CHECK(held.content_hash == content_hash_of(changed));
  }
  SECTION("saving without a change keeps the approval") {
    REQUIRE(province.write([&](Transaction& t) { return update_programme(t, approved); }));
    CHECK(find_programme(session, approved.id)->state == ProgrammeState::approved);
  }
}

TEST_CASE("a step that does not fit the programme's state is not done") {
  Province province;
  const auto id = province.approved().id;
  struct Row {
    const char* name;
    std::function<bool(Transaction&)> step;
  };
  const Row rows[] = {
      {"submit what is approved", [&](Transaction& t) { return submit_programme(t, id); }},
      {"approve twice", [&](Transaction& t) { return approve_programme(t, id, find_programme(t.session(), id)->content_hash); }},
      {"return what is approved", [&](Transaction& t) { return return_programme(t, id, "no"); }},
      {"a clip that is not there", [&](Transaction& t) { return set_programme_clip(t, id, std::string(64, 'f')); }},
      {"an unknown programme", [&](Transaction& t) { return submit_programme(t, "p-none"); }},
  };
  for (const auto& row : rows) {
    INFO(row.name);
    CHECK_FALSE(province.write(row.step));
    CHECK(find_programme(*province.session, id)->state == ProgrammeState::approved);
  }
}

TEST_CASE("what was changed after the approver saw it is not approved") {
  Province province;
  auto programme = province.approved();
  programme.title = "Luật Nhà ở";
  province.write([&](Transaction& t) {
    update_programme(t, programme);
    submit_programme(t, programme.id);
  });
  CHECK_FALSE(province.write([&](Transaction& t) { return approve_programme(t, programme.id, programme.approved_hash); }));
  CHECK(find_programme(*province.session, programme.id)->state == ProgrammeState::waiting);
}

TEST_CASE("programmes are listed by branch and state") {
  Province province;
  province.approved("hue-19753");
  province.clock.tick(Millis{1000});
  const auto other = province.approved("hue-19774");
  CHECK(list_programmes(*province.session, {.roots = {"hue"}}).size() == 2);
  CHECK(list_programmes(*province.session, {.roots = {"hue"}}).front() == other);
  CHECK(list_programmes(*province.session, {.roots = {"hue-19774"}}) == std::vector{other});
  CHECK(list_programmes(*province.session, {.roots = {"hue"}, .state = ProgrammeState::draft}).empty());
  const auto behind = list_programmes(*province.session, {.roots = {"hue"}, .after = std::tuple(other.changed, other.id)});
  REQUIRE(behind.size() == 1);
  CHECK(behind.front().area == "hue-19753");
}
