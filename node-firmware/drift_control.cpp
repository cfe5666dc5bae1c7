#include "node-firmware/drift_control.hpp"

#include <algorithm>

namespace loa::node {
namespace {

constexpr double kProportional = 0.1e6;            // ppm a second of error: the error halves in 7 s
constexpr double kIntegral = kProportional * 0.025;  // a quarter of its square: the fastest without overshoot

double bounded(double ppm) { return std::clamp(ppm, -DriftControl::kMostPpm, DriftControl::kMostPpm); }

}  // namespace

DriftControl::DriftControl(double ppm) : integral_(bounded(ppm)) {}

double DriftControl::step(double ahead, double passed) {
  const double wanted = integral_ + kProportional * ahead;
  // At the bound it must not learn: it would swing over afterwards.
  if (wanted == bounded(wanted)) integral_ = bounded(integral_ + kIntegral * ahead * passed);
  return bounded(integral_ + kProportional * ahead);
}

}  // namespace loa::node
