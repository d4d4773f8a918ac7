#include "stats/sample_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace initscope {
namespace {

// The exponent of zeros: below all others, and far enough from the least
// int64_t to be subtracted from.
constexpr int64_t kZeroExponent = std::numeric_limits<int64_t>::min() / 4;

double Square(double x) { return x * x; }

// The number of samples that are not left out.
double Count(const SampleSum& sum) {
  return static_cast<double>(std::ranges::count_if(
      sum.factor, [](double factor) { return factor != 0; }));
}

// Makes the first sample that is not left out the origin.
template <typename T>
void SetOrigin(const PackedBatch<T>& x, SampleSum* sum) {
  const auto first = std::ranges::find_if(
      sum->factor, [](double factor) { return factor != 0; });
  sum->origin.assign(x.units(), 0.0);
  if (first == sum->factor.end()) return;
  const auto i = static_cast<size_t>(first - sum->factor.begin());
  for (size_t j = 0; j < x.units(); ++j) {
    sum->origin[j] = x.unit(i / x.width(), j)[i % x.width()] * *first;
  }
}

// Σ_i ‖e_i − ē‖², where ē is the mean over samples.
double SquaresAboutMean(const SampleSum& sum, double count) {
  double squares = 0;
  for (double s : sum.sum) squares += Square(s);
  return std::max(0.0, sum.squares - squares / count);
}

// 2^(e_i − common) for finite rows, 0 for those that are left out.
template <typename T>
std::vector<double> FiniteFactors(const PackedBatch<T>& x,
                                  const SampleMoments& rows, int64_t common) {
  std::vector<double> factor(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    if (!rows.IsFinite(i)) continue;
    // Only rows of zeros can have a larger exponent, and any factor suits them.
    const int64_t e = std::min(x.exponent[i], common);
    factor[i] = e == common ? 1 : PowerOfTwo(e - common);
    // A row that is too small to contribute is still a sample.
    factor[i] = std::max(factor[i], std::numeric_limits<double>::min());
  }
  return factor;
}

}  // namespace

int64_t CommonExponent(const SampleMoments& rows,
                       std::span<const int64_t> exponents) {
  int64_t common = kZeroExponent;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows.IsFinite(i) && !rows.IsZero(i)) {
      common = std::max(common, exponents[i]);
    }
  }
  return common;
}

template <typename T>
SampleSum PairCosine::Begin(const PackedBatch<T>& x,
                            const SampleMoments& rows) {
  SampleSum sum;
  sum.factor = rows.InverseNorms();
  SetOrigin(x, &sum);
  return sum;
}

void PairCosine::End(const SampleSum& sum) {
  const double m = Count(sum);
  if (m < 2) return;
  const double pairs = m * (m - 1) / 2;
  pairs_ += pairs;
  sum_ += SquaresAboutMean(sum, m) / (m - 1) * pairs;
}

double PairCosine::OneMinusCosine() const {
  if (pairs_ == 0) return std::numeric_limits<double>::quiet_NaN();
  return sum_ / pairs_;
}

template <typename T>
SampleSum SampleVariance::Begin(const PackedBatch<T>& x,
                                const SampleMoments& rows) {
  SampleSum sum;
  sum.factor = FiniteFactors(x, rows, CommonExponent(rows, x.exponent));
  SetOrigin(x, &sum);
  return sum;
}

template <typename T>
void SampleVariance::End(const PackedBatch<T>& x, const SampleMoments& rows,
                         SampleSum sum) {
  const double m = Count(sum);
  if (m == 0) return;
  const int64_t exponent = CommonExponent(rows, x.exponent);
  const double m2 = SquaresAboutMean(sum, m);
  std::vector<double> mean = std::move(sum.origin);
  for (size_t j = 0; j < mean.size(); ++j) mean[j] += sum.sum[j] / m;
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

SampleVariance SampleVariance::ScaledBy(ScaledDouble factor) const {
  SampleVariance out = *this;
  out.m2_ *= Square(factor.value);
  for (double& mean : out.mean_) mean *= factor.value;
  out.exponent_ += factor.exponent;
  return out;
}

#define INITSCOPE_INSTANTIATE(T)                                  \
  template SampleSum PairCosine::Begin(const PackedBatch<T>&,     \
                                       const SampleMoments&);     \
  template SampleSum SampleVariance::Begin(const PackedBatch<T>&, \
                                           const SampleMoments&); \
  template void SampleVariance::End(const PackedBatch<T>&,        \
                                    const SampleMoments&, SampleSum);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
