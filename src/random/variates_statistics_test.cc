// Statistics of 10^9 float variates, which take minutes. CI leaves them out:
//   ctest --preset release -C Scans -R scan

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <vector>

#include "base/matchers_test.h"
#include "random/variates.h"

namespace initscope {
namespace variates_statistics_test {

constexpr size_t kCols = 1 << 14;
constexpr double kDraws = 1e9;

// Of a normal statistic: P(|z| > 4.9) = 1e-6.
constexpr double kLimit = 4.9;

double NormalCdf(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }

double Cdf(VariateLaw law, double x) {
  if (law == VariateLaw::kNormal) return NormalCdf(x);
  if (law == VariateLaw::kUniform) return (x / std::sqrt(3.0) + 1) / 2;
  return (NormalCdf(x * kTruncatedNormalStd) - NormalCdf(-2)) /
         std::erf(std::sqrt(2.0));
}

// E x^k, by integration by parts for the normal laws.
double Moment(VariateLaw law, int k) {
  if (k % 2 == 1) return 0;
  if (k == 0) return 1;
  if (law == VariateLaw::kUniform) return std::pow(3.0, k / 2) / (k + 1);
  if (law == VariateLaw::kNormal) return (k - 1) * Moment(law, k - 2);
  // Of z = σx: E z^k = (k − 1) E z^(k−2) − 2·2^(k−1) φ(2)/(Φ(2) − Φ(−2)).
  const double pi = std::acos(-1.0);
  const double edge = std::exp(-2.0) / std::sqrt(2 * pi);
  const double cut = std::ldexp(edge, k) / std::erf(std::sqrt(2.0));
  return (k - 1) * Moment(law, k - 2) / std::pow(kTruncatedNormalStd, 2) -
         cut / std::pow(kTruncatedNormalStd, k);
}

// Counts in order of size, one bin for the floats that share sign, exponent and
// 13 bits of mantissa. No bin has probability above 3e-5, a third of what the
// Kolmogorov-Smirnov test of 10^9 draws can see, and the float's error moves
// no edge by more than 5 ulp, 0.005 of a bin.
class Histogram {
 public:
  void Add(float x) {
    const uint32_t bits = std::bit_cast<uint32_t>(x);
    ++counts_[(bits & kSign ? ~bits : bits | kSign) >> kShift];
  }

  // f(the number of draws below an edge, the edge), in rising order.
  template <class F>
  void ForEdges(F f) const {
    double below = 0;
    for (size_t bin = 1; bin < counts_.size(); ++bin) {
      below += counts_[bin - 1];
      const uint32_t order = static_cast<uint32_t>(bin) << kShift;
      const float edge =
          std::bit_cast<float>(order & kSign ? order ^ kSign : ~order);
      if (std::isfinite(edge)) f(below, double{edge});
    }
  }

 private:
  static constexpr uint32_t kSign = 0x80000000;
  static constexpr int kShift = 23 - 13;
  std::vector<uint32_t> counts_ = std::vector<uint32_t>(size_t{1} << 22);
};

class Billion : public testing::TestWithParam<VariateLaw> {};
INSTANTIATE_TEST_SUITE_P(All, Billion,
                         testing::Values(VariateLaw::kNormal,
                                         VariateLaw::kUniform,
                                         VariateLaw::kTruncatedNormal));

TEST_P(Billion, DISABLED_DrawsHaveTheirLaw) {
  const VariateLaw law = GetParam();
  Histogram histogram;
  std::array<double, 9> sums = {};
  Matrix<float> x(1, kCols);
  for (uint32_t row = 0; row < kDraws / kCols; ++row) {
    FillVariates(law, {2026}, row, 0, x.view());
    std::array<double, 9> part = {};
    for (size_t j = 0; j < kCols; ++j) {
      histogram.Add(x(0, j));
      double power = 1;
      for (double& sum : part) {
        sum += power;
        power *= x(0, j);
      }
    }
    for (size_t k = 0; k < sums.size(); ++k) sums[k] += part[k];
  }

  const double n = sums[0];
  for (int k = 1; k <= 8; ++k) {
    const double moment = Moment(law, k);
    const double error = std::sqrt((Moment(law, 2 * k) - moment * moment) / n);
    EXPECT_THAT(sums[static_cast<size_t>(k)] / n,
                IsNear(moment, kLimit * error))
        << "k = " << k;
  }

  // D at the edges is below D, so its limit of 1e-6 holds (Dvoretzky, Kiefer,
  // Wolfowitz and Massart). A² = n ∫ (F_n − F)²/(F(1 − F)) dF is summed over
  // the bins; its limit distribution Σ χ²_j/(j(j + 1)) has the tail
  // √3·e^-z/√(πz), 1e-6 at 12.6.
  double distance = 0, anderson_darling = 0, before = 0;
  histogram.ForEdges([&](double below, double edge) {
    const double f = Cdf(law, edge);
    if (!(f > 0 && f < 1)) return;
    const double gap = below / n - f;
    distance = std::max(distance, std::abs(gap));
    anderson_darling += n * gap * gap / (f * (1 - f)) * (f - before);
    before = f;
  });
  const double limit = std::sqrt(std::log(2 / 1e-6) / (2 * n));
  EXPECT_FALSE(!(distance <= limit)) << distance << " > " << limit;
  EXPECT_FALSE(!(anderson_darling <= 12.6)) << anderson_darling;
  EXPECT_GT(distance, limit / 100);  // and something was measured
}

TEST_P(Billion, DISABLED_NeighboursAreUncorrelated) {
  const VariateLaw law = GetParam();
  struct Neighbour {
    const char* what;
    VariateSource source;
    uint32_t row, col;
  };
  const VariateSource own = {4, Stream::kWeights, 7};
  const Neighbour neighbours[] = {
      {"rows", own, 1, 0},
      {"columns", own, 0, 1},
      {"columns of the next block", own, 0, 4},
      {"layers", {4, Stream::kWeights, 8}, 0, 0},
      {"streams", {4, Stream::kBiases, 7}, 0, 0},
      {"seeds", {5, Stream::kWeights, 7}, 0, 0},
      {"seeds' high halves",
       {4 + (uint64_t{1} << 32), Stream::kWeights, 7},
       0,
       0}};
  Matrix<float> x(1, kCols), y(1, kCols + 4);
  for (const Neighbour& neighbour : neighbours) {
    double sum = 0, squares = 0, n = 0;
    for (uint32_t row = 0; row < 1e8 / kCols; ++row) {
      FillVariates(law, own, row, 0, x.view());
      FillVariates(law, neighbour.source, row + neighbour.row, 0, y.view());
      for (size_t j = 0; j < kCols; ++j) {
        const double a = x(0, j), b = y(0, j + neighbour.col);
        sum += a * b;
        squares += (a * a - 1) * (b * b - 1);
      }
      n += kCols;
    }
    EXPECT_THAT(sum / std::sqrt(n), IsNear(0.0, kLimit)) << neighbour.what;
    EXPECT_THAT(squares / std::sqrt(n) / (Moment(law, 4) - 1),
                IsNear(0.0, kLimit))
        << neighbour.what << ", squares";
  }
}

}  // namespace variates_statistics_test
}  // namespace initscope
