#pragma once
#include <map>
#include <vector>

#include "controller/api/answers.hpp"
#include "controller/api/call.hpp"

namespace loa::api {

/// The areas of the tree with what answers about them need: inheritance and counts of nodes.
class AreaView {
 public:
  /// Reads all areas, and the nodes below `roots`.
  AreaView(store::Session& db, const std::vector<std::string>& roots, store::TimePoint now);

  json::object answer(const store::Area& area) const;
  /// What holds in `area`.
  store::Inherited inherited(const store::Area& area) const;

 private:
  struct Counts {
    std::map<std::string, int> by_status;
    int total = 0;
  };
  std::map<std::string, store::Area> x_areas;
  std::map<std::string, Counts> x_counts;
};

/// The answer for one area.
http::Response area_response(store::Session& db, const std::string& id, store::TimePoint now, unsigned status = 200);

/// Settings from a request; every member is optional.
class Fields;
store::OwnSettings read_settings(Fields& fields);
/// Nothing where everything that the settings name, and the ones `held` before did not, is there for the nodes of `area`: what was named already
/// never stands in the way of a mute.
std::optional<http::Problem> check_settings(const StoreCall& call, const store::OwnSettings& settings, const store::OwnSettings& held,
                                            const std::string& area);

/// Where a list looks: at and below `area` where it is asked for and visible, else everywhere that the caller may see.
http::Result<std::vector<std::string>> list_roots(const StoreCall& call, const std::optional<std::string>& area);

}  // namespace loa::api
