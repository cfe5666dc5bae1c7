#include "controller/store/node_keys.hpp"

#include <catch2/catch.hpp>

#include "tests/controller/store/fixture.hpp"

using namespace loa::store;

namespace {

NodeKeys own_keys(const Province& province, const std::string& serial, const std::string& node = "n-one") {
  NodeKeys keys;
  keys.node = node;
  keys.serial = serial;
  keys.signing_key[3] = static_cast<unsigned char>(serial.size());
  keys.request = "q-" + serial;
  keys.certificate_pem = "-----BEGIN CERTIFICATE-----\n";
  keys.issued = province.clock.now();
  keys.not_after = keys.issued + kNodeKeysLife;
  return keys;
}

/// `serial state` of a node's keys, oldest first.
std::vector<std::string> states_of(Province& province, const std::string& node = "n-one") {
  std::vector<std::string> list;
  for (const auto& keys : list_node_keys(*province.session, node))
    list.push_back(keys.serial + (keys.ended ? " ended" : keys.used ? " used" : keys.bundled ? " bundled" : " offered"));
  return list;
}

using States = std::vector<std::string>;

}  // namespace

TEST_CASE("a node begins with its bundle's keys, and what it is heard with replaces them") {
  Province province;
  auto& session = *province.session;
  CHECK(states_of(province) == States{"0a1b bundled"});
  CHECK(list_node_keys(session, "n-one")[0].not_after == province.clock.now() + kNodeKeysLife);
  province.clock.tick(Millis{1000});
  const auto offered = own_keys(province, "0c");
  CHECK(province.write([&](Transaction& t) { return offer_node_keys(t, offered); }));
  CHECK_FALSE(province.write([&](Transaction& t) { return offer_node_keys(t, offered); }));
  CHECK(list_node_keys(session, "n-one")[1] == offered);
  CHECK(find_node(session, "n-one")->certificate_serial == "0a1b");

  CHECK(province.write([](Transaction& t) { return take_node_keys(t, "n-one", "0c"); }));
  CHECK(province.write([](Transaction& t) { return take_node_keys(t, "n-one", "0c"); }));
  CHECK(states_of(province) == States{"0a1b ended", "0c used"});
  CHECK(find_node(session, "n-one")->certificate_serial == "0c");
  CHECK(find_node(session, "n-one")->signing_key == offered.signing_key);
  CHECK(list_ended_serials(session, province.clock.now()) == States{"0a1b"});
  CHECK(list_ended_serials(session, province.clock.now() + kNodeKeysLife).empty());
}

TEST_CASE("what a node said with the keys before is forgotten with them, and what it says with its own stays") {
  Province province;
  province.clock.tick(Millis{1000});
  const auto put = [&](std::int64_t number) {
    NodeState said;
    said.state.node = "n-one";
    said.state.session = "s-1";
    said.state.session_number = number;
    said.state.sequence = 1;
    said.received = province.clock.now();
    return province.write([&](Transaction& t) { return put_node_state(t, said); });
  };
  const auto take = [&] { return province.write([](Transaction& t) { return take_node_keys(t, "n-one", "0c"); }); };
  REQUIRE(put((std::int64_t{1} << 53) - 1));
  REQUIRE(province.write([&](Transaction& t) { return offer_node_keys(t, own_keys(province, "0c")); }));
  CHECK_FALSE(put(2));
  CHECK(take());
  CHECK_FALSE(find_node_state(*province.session, "n-one"));
  CHECK(put(2));
  CHECK(take());
  CHECK(find_node_state(*province.session, "n-one")->state.session_number == 2);
}

TEST_CASE("keys that were asked for and not used end when others are") {
  Province province;
  province.clock.tick(Millis{1000});
  CHECK(province.write([&](Transaction& t) { return offer_node_keys(t, own_keys(province, "0c")); }));
  province.clock.tick(Millis{1000});
  CHECK(province.write([&](Transaction& t) { return offer_node_keys(t, own_keys(province, "0dd")); }));
  CHECK(states_of(province) == States{"0a1b bundled", "0c ended", "0dd offered"});
  CHECK_FALSE(province.write([](Transaction& t) { return take_node_keys(t, "n-one", "0c"); }));
  CHECK_FALSE(province.write([](Transaction& t) { return take_node_keys(t, "n-one", "none"); }));
  CHECK_FALSE(province.write([](Transaction& t) { return take_node_keys(t, "n-none", "0dd"); }));
}

TEST_CASE("all keys of a node end with it") {
  Province province;
  province.clock.tick(Millis{1000});
  province.write([&](Transaction& t) { offer_node_keys(t, own_keys(province, "0c")); });
  CHECK(list_live_node_keys(*province.session).size() == 4);
  province.write([](Transaction& t) { retire_node(t, "n-one"); });
  CHECK(states_of(province) == States{"0a1b ended", "0c ended"});
  CHECK(list_live_node_keys(*province.session).size() == 2);
  CHECK_FALSE(province.write([](Transaction& t) { return take_node_keys(t, "n-one", "0c"); }));
  CHECK_FALSE(province.write([&](Transaction& t) { return offer_node_keys(t, own_keys(province, "0e")); }));
  CHECK(list_ended_serials(*province.session, province.clock.now()).size() == 2);
}
