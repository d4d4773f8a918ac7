#include "stats/moments.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace initscope {

template <typename T>
void Moments::Add(const ScaledMatrix<T>& x) {
  for (size_t i = 0; i < x.rows(); ++i) {
    Add(ComputeRowMoments(x.mantissa.row(i), x.cols()), x.exponent[i]);
  }
}

template void Moments::Add(const ScaledMatrix<float>&);
template void Moments::Add(const ScaledMatrix<double>&);

void Moments::Add(const RowMoments& row, int64_t exponent) {
  Moments other;
  other.count_ = row.count;
  other.non_finite_ = row.non_finite;
  other.rows_ = row.count > 0 ? 1 : 0;
  other.mean_ = row.mean;
  other.m2_ = row.m2;
  other.m3_ = row.m3;
  other.m4_ = row.m4;
  other.abs_sum_ = row.abs_sum;
  other.min_ = row.min;
  other.max_ = row.max;
  if (row.count > 0) {
    other.row_variance_sum_ = row.m2 / static_cast<double>(row.count);
  }
  other.exponent_ = exponent;
  Merge(other);
}

// Zeros fit every exponent, so they never decide which one is used.
void Moments::Merge(const Moments& b) {
  non_finite_ += b.non_finite_;
  if (b.count_ == 0) return;
  if (count_ == 0) {
    const uint64_t non_finite = non_finite_;
    *this = b;
    non_finite_ = non_finite;
    return;
  }
  Moments other = b;
  if (other.abs_sum_ == 0) {
    other.exponent_ = exponent_;
  } else if (abs_sum_ == 0) {
    exponent_ = other.exponent_;
  }
  const int64_t exponent = std::max(exponent_, other.exponent_);
  Rescale(exponent);
  other.Rescale(exponent);

  const double na = static_cast<double>(count_);
  const double nb = static_cast<double>(other.count_);
  const double n = na + nb;
  const double delta = other.mean_ - mean_;
  const double d = delta / n;
  m4_ += other.m4_ +
         delta * d * d * d * na * nb * (na * na - na * nb + nb * nb) +
         6 * d * d * (na * na * other.m2_ + nb * nb * m2_) +
         4 * d * (na * other.m3_ - nb * m3_);
  m3_ += other.m3_ + delta * d * d * na * nb * (na - nb) +
         3 * d * (na * other.m2_ - nb * m2_);
  m2_ += other.m2_ + delta * d * na * nb;
  mean_ += d * nb;
  count_ += other.count_;
  rows_ += other.rows_;
  abs_sum_ += other.abs_sum_;
  min_ = std::min(min_, other.min_);
  max_ = std::max(max_, other.max_);
  row_variance_sum_ += other.row_variance_sum_;
}

void Moments::Rescale(int64_t exponent) {
  if (exponent == exponent_) return;
  const double f = PowerOfTwo(exponent_ - exponent);
  mean_ *= f;
  m2_ *= f * f;
  m3_ *= f * f * f;
  m4_ *= f * f * f * f;
  abs_sum_ *= f;
  min_ *= f;
  max_ *= f;
  row_variance_sum_ *= f * f;
  exponent_ = exponent;
}

ScaledDouble Moments::Scaled(double value, int power) const {
  if (count_ == 0) return {std::numeric_limits<double>::quiet_NaN(), 0};
  return {value, power * exponent_};
}

ScaledDouble Moments::Mean() const { return Scaled(mean_, 1); }

ScaledDouble Moments::Variance() const {
  return Scaled(m2_ / static_cast<double>(count_), 2);
}

ScaledDouble Moments::SecondMoment() const {
  return Scaled(m2_ / static_cast<double>(count_) + mean_ * mean_, 2);
}

ScaledDouble Moments::AbsMean() const {
  return Scaled(abs_sum_ / static_cast<double>(count_), 1);
}

ScaledDouble Moments::Min() const { return Scaled(min_, 1); }
ScaledDouble Moments::Max() const { return Scaled(max_, 1); }

double Moments::Kurtosis() const {
  if (count_ == 0 || m2_ == 0) return std::numeric_limits<double>::quiet_NaN();
  // Divided twice: m2² alone may leave the range.
  return m4_ / m2_ / m2_ * static_cast<double>(count_);
}

ScaledDouble Moments::MeanRowVariance() const {
  return Scaled(row_variance_sum_ / static_cast<double>(rows_), 2);
}

}  // namespace initscope
