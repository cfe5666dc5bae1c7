#include "controller/metrics/exposition.hpp"

#include <prometheus/check_names.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <set>
#include <sstream>
#include <stdexcept>

namespace loa::metrics {

namespace {

void check(const Family& family) {
  const auto refuse = [&](const std::string& why) { throw std::logic_error("metrics: " + family.name + " " + why); };
  const bool total = family.name.size() > 6 && family.name.compare(family.name.size() - 6, 6, "_total") == 0;
  if (!prometheus::CheckMetricName(family.name)) refuse("is no name");
  if (total != (family.kind == Kind::counter)) refuse("must end in _total if, and only if, it is a counter");
  if (family.samples.size() > kMostSamples) refuse("has more figures than are allowed");
  std::set<Labels> known;
  for (const auto& sample : family.samples) {
    for (const auto& [name, value] : sample.labels)
      if (!prometheus::CheckLabelName(name)) refuse("has a label " + name + ", which is no name");
    if (!known.insert(sample.labels).second) refuse("has two figures with the same labels");
  }
}

prometheus::ClientMetric figure_of(const Sample& sample, Kind kind) {
  prometheus::ClientMetric metric;
  for (const auto& [name, value] : sample.labels) metric.label.push_back({name, value});
  (kind == Kind::counter ? metric.counter.value : metric.gauge.value) = sample.value;
  return metric;
}

}  // namespace

std::string exposition(const std::vector<Family>& families) {
  std::vector<prometheus::MetricFamily> all;
  std::set<std::string> names;
  for (const auto& family : families) {
    check(family);
    if (!names.insert(family.name).second) throw std::logic_error("metrics: " + family.name + " comes twice");
    if (family.samples.empty()) continue;
    auto& made = all.emplace_back();
    made.name = family.name;
    made.help = family.help;
    made.type = family.kind == Kind::counter ? prometheus::MetricType::Counter : prometheus::MetricType::Gauge;
    for (const auto& sample : family.samples) made.metric.push_back(figure_of(sample, family.kind));
  }
  std::ostringstream text;
  prometheus::TextSerializer().Serialize(text, all);
  return text.str();
}

}  // namespace loa::metrics
