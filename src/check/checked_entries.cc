#include "check/checked_entries.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

namespace initscope {
namespace {

// Values of the loss per difference: a few steps h, each with 2h and 4h, on
// both sides.
constexpr double kValuesPerEntry = 12;
// A tensor whose check takes no more than this (half a second) is checked
// whole.
constexpr double kWholeFlops = 1e9;
constexpr size_t kMany = 200, kFew = 20;

}  // namespace

double DifferenceFlops(GradientKind kind, size_t layer, const Network& network,
                       size_t batch) {
  // Flop of an exponential or a logarithm.
  constexpr double kCall = 20;
  double flops = kCall * static_cast<double>(network.outputs());
  const size_t first = kind == GradientKind::kDelta ? layer : layer + 1;
  for (size_t l = first; l < network.depth(); ++l) {
    flops += 2 * network.layers[l].weights() +
             kCall * static_cast<double>(network.layers[l].fan_out);
  }
  if (kind != GradientKind::kDelta) {
    flops += 2 * static_cast<double>(network.width(layer));
    flops *= static_cast<double>(batch);
  }
  return kValuesPerEntry * flops;
}

size_t CheckedCount(size_t size, double flops_per_entry) {
  const auto costs = [&](size_t count) {
    return static_cast<double>(count) * flops_per_entry;
  };
  if (costs(size) <= kWholeFlops) return size;
  return std::min(size, costs(kMany) <= 10 * kWholeFlops ? kMany : kFew);
}

std::vector<size_t> CheckedEntries(const Matrix<double>& gradient,
                                   size_t count) {
  const size_t size = gradient.size();
  if (count >= size) {
    std::vector<size_t> all(size);
    std::iota(all.begin(), all.end(), size_t{0});
    return all;
  }
  const auto largest = std::max_element(
      gradient.data(), gradient.data() + size,
      [](double a, double b) { return std::abs(a) < std::abs(b); });
  std::set<size_t> chosen = {static_cast<size_t>(largest - gradient.data())};
  constexpr double kGolden = 0.6180339887498949;
  for (size_t n = 1; chosen.size() < count; ++n) {
    const double turn = std::fmod(static_cast<double>(n) * kGolden, 1.0);
    chosen.insert(static_cast<size_t>(turn * static_cast<double>(size)));
  }
  return {chosen.begin(), chosen.end()};
}

}  // namespace initscope
