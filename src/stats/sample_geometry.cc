#include "stats/sample_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "stats/row_kernels.h"

namespace initscope {
namespace {

// Stands for the exponent of what is zero throughout: below every other, and
// far enough from the end of int64_t to be subtracted from.
constexpr int64_t kZeroExponent = std::numeric_limits<int64_t>::min() / 4;

double Square(double x) { return x * x; }

// Σ_i ‖f_i·x_i − mean‖² over the rows named, where mean_j is the mean over
// them of f_i·x_ij; `mean` receives it.
template <typename T>
double SumOfSquaresAboutMean(const ScaledMatrix<T>& x,
                             const std::vector<size_t>& rows,
                             const std::vector<double>& factor,
                             std::vector<double>* mean) {
  const size_t n = x.cols();
  std::vector<double> origin(n);
  for (size_t j = 0; j < n; ++j) {
    origin[j] = x.mantissa(rows[0], j) * factor[0];
  }
  std::vector<double> sum(n, 0.0);
  double squares = 0;
  for (size_t k = 1; k < rows.size(); ++k) {
    squares += AddDeviations(x.mantissa.row(rows[k]), n, factor[k],
                             origin.data(), sum.data());
  }
  const double count = static_cast<double>(rows.size());
  for (size_t j = 0; j < n; ++j) {
    squares -= Square(sum[j]) / count;
    origin[j] += sum[j] / count;
  }
  *mean = std::move(origin);
  return std::max(squares, 0.0);
}

}  // namespace

template <typename T>
void PairCosine::AddBatch(const ScaledMatrix<T>& x) {
  std::vector<size_t> rows;
  std::vector<double> factor;
  const std::vector<double> zero(x.cols(), 0.0);
  std::vector<double> scratch(x.cols());
  for (size_t i = 0; i < x.rows(); ++i) {
    // Mantissas may be near either end of T's range; their squares fit double.
    const double squares = AddDeviations(x.mantissa.row(i), x.cols(), 1.0,
                                         zero.data(), scratch.data());
    if (squares > 0 && std::isfinite(squares)) {
      rows.push_back(i);
      factor.push_back(1 / std::sqrt(squares));
    }
  }
  if (rows.size() < 2) return;
  std::vector<double> mean;
  const double squares = SumOfSquaresAboutMean(x, rows, factor, &mean);
  const double m = static_cast<double>(rows.size());
  const double pairs = m * (m - 1) / 2;
  pairs_ += pairs;
  sum_ += squares / (m - 1) * pairs;
}

double PairCosine::OneMinusCosine() const {
  if (pairs_ == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum_ / pairs_;
}

template <typename T>
void SampleVariance::AddBatch(const ScaledMatrix<T>& x) {
  std::vector<size_t> rows;
  int64_t exponent = kZeroExponent;
  for (size_t i = 0; i < x.rows(); ++i) {
    const T max = MaxMagnitude(x.mantissa.row(i), x.cols());
    if (!std::isfinite(max)) continue;
    rows.push_back(i);
    if (max > 0) exponent = std::max(exponent, x.exponent[i]);
  }
  if (rows.empty()) return;
  std::vector<double> factor;
  for (size_t i : rows) {
    // Only a row of zeros may have a larger exponent; any factor does for it.
    factor.push_back(PowerOfTwo(std::min(x.exponent[i], exponent) - exponent));
  }
  std::vector<double> mean;
  double m2 = SumOfSquaresAboutMean(x, rows, factor, &mean);
  const double m = static_cast<double>(rows.size());
  if (samples_ == 0) {
    samples_ = m;
    m2_ = m2;
    mean_ = std::move(mean);
    exponent_ = exponent;
    return;
  }
  const int64_t common = std::max(exponent, exponent_);
  const double f = PowerOfTwo(exponent - common);
  const double g = PowerOfTwo(exponent_ - common);
  m2_ = m2_ * g * g + m2 * f * f;
  const double total = samples_ + m;
  for (size_t j = 0; j < mean_.size(); ++j) {
    const double delta = mean[j] * f - mean_[j] * g;
    m2_ += delta * delta * samples_ * m / total;
    mean_[j] = mean_[j] * g + delta * m / total;
  }
  samples_ = total;
  exponent_ = common;
}

ScaledDouble SampleVariance::MeanOverUnits() const {
  if (samples_ == 0) return {std::numeric_limits<double>::quiet_NaN(), 0};
  if (m2_ == 0) return {};
  return {m2_ / samples_ / static_cast<double>(mean_.size()), 2 * exponent_};
}

template void PairCosine::AddBatch(const ScaledMatrix<float>&);
template void PairCosine::AddBatch(const ScaledMatrix<double>&);
template void SampleVariance::AddBatch(const ScaledMatrix<float>&);
template void SampleVariance::AddBatch(const ScaledMatrix<double>&);

}  // namespace initscope
