#include "controller/store/receipts.hpp"
#include "tests/controller/broadcast/station.hpp"

using namespace loa::broadcast;
namespace store = loa::store;
namespace protocol = loa::protocol;

namespace {

/// A stop order to the first node, kept as the api keeps it.
protocol::Order order_stop(Station& station) {
  protocol::Order order;
  order.id = protocol::random_id("o");
  order.node = "n-one";
  order.issued = station.clock.now();
  order.expires = order.issued + Millis{60000};
  order.kind = protocol::OrderKind::stop;
  order.areas = station.one.areas;
  station.write([&](store::Transaction& t) { add_order(t, order); });
  return order;
}

/// What a node answers to an order that it does, signed.
protocol::Receipt answer(Station& station, const FakeNode& node, const protocol::Order& order) {
  protocol::Receipt receipt;
  receipt.node = node.id;
  receipt.id = protocol::random_id("r");
  receipt.issued = station.clock.now();
  receipt.about = MessageType::order;
  receipt.subject = order.id;
  receipt.accepted = true;
  receipt.key_id = "k1";
  station.link->deliver(protocol::receipt_topic(node.id), node.sign(MessageType::receipt, protocol::encode(receipt)));
  station.settle();
  return receipt;
}

std::vector<std::string> orders_sent(Station& station) { return station.link->sent_to(protocol::order_topic("n-one")); }

void come_back(Station& station) {
  station.one.state.session = protocol::random_id("s");
  ++station.one.state.session_number;
  station.say(station.one);
}

std::vector<store::ReceiptRow> receipts(Station& station) {
  store::ReceiptFilter filter;
  filter.roots = {"hue"};
  return station.store->run_sync([&](store::Session& s) { return store::list_receipts(s, filter); });
}

}  // namespace

TEST_CASE("an order is sent once, and again when the node comes back before it answered") {
  Station station;
  station.start();
  station.say(station.one);
  const auto order = order_stop(station);
  station.broadcaster->send_order(order);
  REQUIRE(orders_sent(station).size() == 1);
  CHECK(*protocol::decode_order(station.verified(MessageType::order, station.one, orders_sent(station)[0]), "n-one") == order);
  SECTION("not answered") {
    come_back(station);
    CHECK(orders_sent(station).size() == 2);
  }
  SECTION("answered") {
    const auto receipt = answer(station, station.one, order);
    come_back(station);
    CHECK(orders_sent(station).size() == 1);
    CHECK(receipts(station).at(0).receipt == receipt);
  }
  SECTION("answered by another node, which has no say") {
    answer(station, station.two, order);
    come_back(station);
    CHECK(orders_sent(station).size() == 2);
  }
  SECTION("expired") {
    station.tick(Millis{60000});
    come_back(station);
    CHECK(orders_sent(station).size() == 1);
  }
}

TEST_CASE("a controller that starts anew knows the orders that are neither answered nor expired") {
  Station station;
  station.start();
  station.say(station.one);
  const auto order = order_stop(station);
  station.broadcaster->send_order(order);
  const auto again_retained = [&] {
    station.link->deliver(protocol::state_topic("n-one"), station.one.sign(MessageType::state, protocol::encode(station.one.state)), true);
    station.settle();
  };
  SECTION("to a node whose session goes on, sent once with the same id") {
    station.restart();
    CHECK(orders_sent(station).empty());
    again_retained();
    REQUIRE(orders_sent(station).size() == 1);
    CHECK(*protocol::decode_order(station.verified(MessageType::order, station.one, orders_sent(station)[0]), "n-one") == order);
    station.say(station.one);
    CHECK(orders_sent(station).size() == 1);
    come_back(station);
    CHECK(orders_sent(station).size() == 2);
  }
  SECTION("a receipt that comes only now ends it and is shown") {
    station.restart();
    const auto receipt = answer(station, station.one, order);
    again_retained();
    CHECK(orders_sent(station).empty());
    CHECK(receipts(station).at(0).receipt == receipt);
  }
  SECTION("answered before") {
    answer(station, station.one, order);
    station.restart();
    again_retained();
    CHECK(orders_sent(station).empty());
  }
  SECTION("answered by another node, which has no say") {
    answer(station, station.two, order);
    station.restart();
    again_retained();
    CHECK(orders_sent(station).size() == 1);
  }
  SECTION("expired meanwhile") {
    station.clock.tick(Millis{60000});
    station.restart(false);
    station.link->connect();
    station.tick(Millis{1});
    again_retained();
    CHECK(orders_sent(station).empty());
  }
  SECTION("the node moved meanwhile: signed for its new place") {
    station.write([](store::Transaction& t) {
      auto node = *store::find_node(t.session(), "n-one");
      node.area = "hue-19774";
      return update_node(t, node);
    });
    station.restart();
    again_retained();
    REQUIRE(orders_sent(station).size() == 1);
    CHECK(protocol::decode_order(station.verified(MessageType::order, station.two, orders_sent(station)[0]), "n-one")->areas ==
          station.two.areas);
  }
}
