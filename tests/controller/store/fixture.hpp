#pragma once
#include <soci/soci.h>

#include <filesystem>
#include <string>
#include <utility>

#include "controller/store/areas.hpp"
#include "controller/store/broadcasts.hpp"
#include "controller/store/clips.hpp"
#include "controller/store/nodes.hpp"
#include "controller/store/programmes.hpp"
#include "controller/store/session.hpp"
#include "protocol/random_id.hpp"
#include "tests/support/fake_clock.hpp"
#include "tests/support/postgres.hpp"
#include "tests/support/temp_folder.hpp"

namespace loa::store {

/// A database with Huế, two of its communes, a zone in the first, and a node in each of the three.
struct Province {
  tests::TempFolder folder;
  tests::FakeClock clock;
  std::unique_ptr<Session> session = open_session(tests::store_url(folder / "loa.db"));

  template <class F>
  auto write(F work, std::string user = "u-someone") {
    Transaction transaction(*session, Actor{std::move(user), "10.0.0.1"}, clock.now());
    if constexpr (std::is_void_v<decltype(work(transaction))>) {
      work(transaction);
      transaction.commit();
    } else {
      auto result = work(transaction);
      transaction.commit();
      return result;
    }
  }

  Province() {
    write([](Transaction& t) {
      add_area(t, area("hue", "", "46"));
      add_area(t, area("hue-19753", "hue", "19753"));
      add_area(t, area("hue-19774", "hue", "19774"));
      add_area(t, area("hue-19753-a", "hue-19753", ""));
      add_node(t, node("n-one", "PX-1", "hue-19753"));
      add_node(t, node("n-zone", "PX-2", "hue-19753-a"));
      add_node(t, node("n-other", "KL-1", "hue-19774"));
    });
  }

  static Area area(std::string id, std::string parent, std::string code) {
    Area made;
    made.id = std::move(id);
    made.parent = std::move(parent);
    made.code = std::move(code);
    made.name = "Area " + made.id;
    made.kind = made.parent.empty() ? "province" : "ward";
    return made;
  }
  static Node node(std::string id, std::string code, std::string area) {
    Node made;
    made.id = std::move(id);
    made.code = std::move(code);
    made.name = "Node " + made.code;
    made.area = std::move(area);
    made.signing_key[0] = 7;
    made.signing_key[31] = 0xfe;
    made.certificate_serial = "0a1b";
    return made;
  }
  static Clip clip(char digit = 'a') {
    Clip made;
    made.sha256 = std::string(64, digit);
    made.bytes = 9000;
    made.duration = Millis{30000};
    made.loudness_lufs = -16.2;
    made.true_peak_dbtp = -1.4;
    made.made_from = "speech";
    made.source_name = "vi";
    return made;
  }
  /// An approved programme of `area`.
  Programme approved(const std::string& area = "hue-19753") {
    Programme made;
    made.id = protocol::random_id("p");
    made.area = area;
    made.title = "Luật Đất đai";
    made.legal_references = {"Luật 31/2024/QH15", "Nghị định 102/2024/NĐ-CP"};
    made.script = "Hai câu.";
    made.clip_sha256 = clip().sha256;
    made.author = "u-author";
    write([&](Transaction& t) {
      put_clip(t, clip());
      add_programme(t, made);
      submit_programme(t, made.id);
      approve_programme(t, made.id, find_programme(t.session(), made.id)->content_hash);
    });
    return *find_programme(*session, made.id);
  }
};

}  // namespace loa::store
