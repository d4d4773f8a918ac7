#include "theory/gaussian_rule.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "base/error.h"

namespace initscope {
namespace {

constexpr size_t kNodes = 16;
constexpr double kReach = 10;  // standard deviations

struct LegendreRule {
  std::array<double, kNodes> x;  // on [−1, 1]
  std::array<double, kNodes> weight;
};

// The zeros of the Legendre polynomial of degree kNodes, by Newton's iteration;
// P_k = ((2k − 1) x P_{k−1} − (k − 1) P_{k−2})/k. Boost.Math's weights differ
// in the last bit, and with them every result.
LegendreRule MakeLegendreRule() {
  LegendreRule rule;
  for (size_t i = 0; i < kNodes; ++i) {
    double x = -std::cos(std::numbers::pi * (static_cast<double>(i) + 0.75) /
                         (kNodes + 0.5));
    double slope = 0;
    for (int iteration = 0; iteration < 10; ++iteration) {
      double before = 1, p = x;
      for (size_t k = 2; k <= kNodes; ++k) {
        const auto n = static_cast<double>(k);
        const double next = ((2 * n - 1) * x * p - (n - 1) * before) / n;
        before = p;
        p = next;
      }
      slope = kNodes * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    rule.x[i] = x;
    rule.weight[i] = 2 / ((1 - x * x) * slope * slope);
  }
  return rule;
}

class Panels {
 public:
  Panels(std::vector<PanelEnd> ends, double q)
      : sigma_(std::sqrt(q)), ends_(std::move(ends)) {
    std::ranges::sort(
        ends_, [](const PanelEnd& a, const PanelEnd& b) { return a.z < b.z; });
    const double reach = kReach * sigma_;
    double begin = -reach;
    for (const PanelEnd& end : ends_) {
      if (!(end.z > begin && end.z < reach)) continue;
      Divide(begin, end.z);
      begin = end.z;
    }
    Divide(begin, reach);
  }

  GaussianRule rule;

 private:
  // Halves [a, b] until it is narrow enough there, or cannot be halved.
  void Divide(double a, double b) {
    double widest = sigma_;
    for (const PanelEnd& end : ends_) {
      widest = std::min(widest, std::max({end.width, a - end.z, end.z - b}));
    }
    const double middle = (a + b) / 2;
    const bool is_divisible = a < middle && middle < b;
    if (b - a > widest * 1.000001 && is_divisible) {
      Divide(a, middle);
      Divide(middle, b);
      return;
    }
    static const LegendreRule unit = MakeLegendreRule();
    const double half = (b - a) / 2;
    const double norm = half / (sigma_ * std::sqrt(2 * std::numbers::pi));
    for (size_t i = 0; i < kNodes; ++i) {
      const double z = middle + half * unit.x[i];
      const double t = z / sigma_;
      rule.z.push_back(z);
      rule.weight.push_back(norm * unit.weight[i] * std::exp(-t * t / 2));
    }
  }

  double sigma_;
  std::vector<PanelEnd> ends_;
};

}  // namespace

GaussianRule MakeGaussianRule(std::span<const double> kinks, double q) {
  std::vector<PanelEnd> ends = {{0, 1}};
  for (double kink : kinks) ends.push_back({kink, 1});
  return MakePanelRule(std::move(ends), q);
}

GaussianRule MakePanelRule(std::vector<PanelEnd> ends, double q) {
  INITSCOPE_CHECK(q > 0 && std::isfinite(q));
  return std::move(Panels(std::move(ends), q).rule);
}

}  // namespace initscope
