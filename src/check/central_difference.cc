#include "check/central_difference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace initscope {
namespace {

constexpr int kLeastHalvings = 2;  // 4h is at most the largest step
constexpr int kMostHalvings = 48;  // for smaller steps p ± h = p
constexpr int kMostTries = 12;
constexpr double kHalfEpsilon = std::numeric_limits<double>::epsilon() / 2;

struct Quotient {
  double derivative;
  double rounding;  // error of the change itself, beyond the noise
  double room;      // distance to the next kink
  double reach;     // distance to the next bend
  bool crosses;
  bool is_constant;
};

class Search {
 public:
  Search(const DifferenceFunction& f, const DifferenceOptions& options)
      : f_(f), options_(options), least_(kLeastHalvings) {}

  CentralDifference Run() {
    int k = std::clamp(options_.first_halvings, least_, kMostHalvings);
    std::array<bool, kMostHalvings + 1> tried = {};
    for (int i = 0; i < kMostTries && !tried[k]; ++i) {
      const double step = Step(k);
      const Quotient &one = At(k), &two = At(k - 1), &four = At(k - 2);
      double most = std::min({one.reach, two.reach, four.reach});
      if (options_.slope_jumps) {
        // Stays a little before the kink, whose place may bend on the way.
        const double room = 0.9 * std::min({one.room, two.room, four.room});
        best_.near_kink = best_.near_kink || room < 4 * step;
        most = std::min(most, room);
      }
      if (most < 4 * step) {
        least_ = std::max(least_ + 1, HalvingsBelow(most / 4));
        if (least_ > kMostHalvings) break;
        k = least_;
        continue;
      }
      tried[k] = true;
      k = std::clamp(k + Try(k), least_, kMostHalvings);
    }
    best_.at_kink = !std::isfinite(best_.bound) && best_.near_kink;
    return best_;
  }

 private:
  double Step(int k) const { return std::ldexp(options_.largest_step, -k); }

  // The least k whose step is below `step`.
  int HalvingsBelow(double step) const {
    if (!(step > Step(kMostHalvings))) return kMostHalvings + 1;
    return std::max(
        kLeastHalvings,
        static_cast<int>(std::ceil(std::log2(options_.largest_step / step))));
  }

  const Quotient& At(int k) {
    std::optional<Quotient>& slot = quotients_[k];
    if (slot) return *slot;
    const double h = Step(k);
    const DifferenceValue up = f_(h), down = f_(-h);
    const double width = up.step - down.step;
    slot = Quotient{.derivative = (up.change - down.change) / width,
                    .rounding = 8 * kHalfEpsilon *
                                (std::abs(up.change) + std::abs(down.change)) /
                                width,
                    .room = h * std::min(up.room, down.room),
                    .reach = h * std::min(up.reach, down.reach),
                    .crosses = up.room <= 1 || down.room <= 1,
                    .is_constant = up.change == 0 && down.change == 0};
    return *slot;
  }

  // Keeps D for k halvings if its bound is the least so far. Returns how many
  // more halvings would be better.
  int Try(int k) {
    const Quotient &one = At(k), &two = At(k - 1), &four = At(k - 2);
    // Across a jump of f'' the error is of order h, not h².
    const bool bends = one.crosses || two.crosses || four.crosses;
    const double near = std::abs(two.derivative - one.derivative);
    const double far = std::abs(four.derivative - two.derivative);
    const double truncation =
        bends ? std::max(near, far / 2) : std::max(near / 3, far / 12);
    const double rounding = options_.noise / Step(k) + one.rounding;
    const double bound = truncation + rounding;
    if (bound < best_.bound) {
      best_.derivative = one.derivative;
      best_.step = Step(k);
      best_.halvings = k;
      best_.bound = bound;
      best_.is_constant = one.is_constant;
    }
    if (!(rounding > 0) || std::isnan(truncation)) return 0;
    // Noise alone may look like this much truncation; a larger step will tell.
    if (truncation <= rounding / 2) return -2;
    // The step that minimizes T h^p + R/h.
    const double ratio = bends ? std::sqrt(rounding / truncation)
                               : std::cbrt(rounding / (2 * truncation));
    return -static_cast<int>(
        std::lround(std::clamp(std::log2(ratio), -16.0, 16.0)));
  }

  const DifferenceFunction& f_;
  const DifferenceOptions& options_;
  int least_;
  std::array<std::optional<Quotient>, kMostHalvings + 1> quotients_;
  CentralDifference best_;
};

}  // namespace

CentralDifference Differentiate(const DifferenceFunction& f,
                                const DifferenceOptions& options) {
  return Search(f, options).Run();
}

}  // namespace initscope
