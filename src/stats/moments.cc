#include "stats/moments.h"

#include <algorithm>
#include <limits>

namespace initscope {

template <typename T>
void Moments::Add(const ScaledMatrix<T>& x) {
  SampleMoments rows;
  rows.Resize(x.rows());
  for (size_t i = 0; i < x.rows(); ++i) {
    rows.Set(i, ComputeRowMoments(x.mantissa.row(i), x.cols()));
  }
  Add(rows, x.exponent);
}

template void Moments::Add(const ScaledMatrix<float>&);
template void Moments::Add(const ScaledMatrix<double>&);

void Moments::Add(const RowMoments& row, int64_t exponent) {
  Moments other;
  other.sums_ = row;
  if (row.count > 0) {
    other.rows_ = 1;
    other.row_variance_sum_ = row.m2 / static_cast<double>(row.count);
  }
  other.exponent_ = exponent;
  Merge(other);
}

// Rows of equal length are merged at once.
void Moments::Add(const SampleMoments& rows,
                  std::span<const int64_t> exponents) {
  INITSCOPE_CHECK(rows.size() == exponents.size());
  if (!rows.AreAlike()) {
    for (size_t i = 0; i < rows.size(); ++i) Add(rows[i], exponents[i]);
    return;
  }
  // A row of zeros may have any exponent, which does not matter.
  constexpr int64_t kNone = std::numeric_limits<int64_t>::min();
  const double* const abs_sum = rows.field(SampleMoments::kAbsSum);
  int64_t common = kNone;
  for (size_t i = 0; i < rows.size(); ++i) {
    if (abs_sum[i] != 0) common = std::max(common, exponents[i]);
  }
  if (common == kNone) common = 0;
  std::vector<double> unit;
  if (std::ranges::any_of(exponents, [&](int64_t e) { return e != common; })) {
    for (size_t i = 0; i < rows.size(); ++i) {
      unit.push_back(abs_sum[i] == 0 ? 0 : PowerOfTwo(exponents[i] - common));
    }
  }
  const PooledMoments pooled = rows.Pool(unit);
  Moments all;
  all.sums_ = pooled.sums;
  all.rows_ = rows.size();
  all.row_variance_sum_ = pooled.row_variance_sum;
  all.exponent_ = common;
  Merge(all);
}

Moments Moments::ScaledBy(ScaledDouble factor) const {
  Moments out = *this;
  out.MultiplyBy(factor.value);
  out.exponent_ += factor.exponent;
  return out;
}

// Zeros fit every exponent, and so they do not decide which one is used.
void Moments::Merge(const Moments& with) {
  RowMoments& a = sums_;
  a.non_finite += with.sums_.non_finite;
  if (with.sums_.count == 0) return;
  Moments other = with;
  RowMoments& b = other.sums_;
  if (a.count == 0) {
    b.non_finite = a.non_finite;
    *this = other;
    return;
  }
  if (b.abs_sum == 0) {
    other.exponent_ = exponent_;
  } else if (a.abs_sum == 0) {
    exponent_ = other.exponent_;
  }
  const int64_t exponent = std::max(exponent_, other.exponent_);
  Rescale(exponent);
  other.Rescale(exponent);

  const double na = static_cast<double>(a.count);
  const double nb = static_cast<double>(b.count);
  const double n = na + nb;
  const double delta = b.mean - a.mean;
  const double d = delta / n;
  a.m4 += b.m4 + delta * d * d * d * na * nb * (na * na - na * nb + nb * nb) +
          6 * d * d * (na * na * b.m2 + nb * nb * a.m2) +
          4 * d * (na * b.m3 - nb * a.m3);
  a.m3 += b.m3 + delta * d * d * na * nb * (na - nb) +
          3 * d * (na * b.m2 - nb * a.m2);
  a.m2 += b.m2 + delta * d * na * nb;
  a.mean += d * nb;
  a.count += b.count;
  a.abs_sum += b.abs_sum;
  a.min = std::min(a.min, b.min);
  a.max = std::max(a.max, b.max);
  rows_ += other.rows_;
  row_variance_sum_ += other.row_variance_sum_;
}

void Moments::MultiplyBy(double factor) {
  sums_ = sums_.ScaledBy(factor);
  row_variance_sum_ *= factor * factor;
}

void Moments::Rescale(int64_t exponent) {
  if (exponent == exponent_) return;
  MultiplyBy(PowerOfTwo(exponent_ - exponent));
  exponent_ = exponent;
}

ScaledDouble Moments::Scaled(double value, int power) const {
  if (sums_.count == 0) return {std::numeric_limits<double>::quiet_NaN(), 0};
  return {value, power * exponent_};
}

ScaledDouble Moments::Mean() const { return Scaled(sums_.mean, 1); }

ScaledDouble Moments::Variance() const {
  return Scaled(sums_.m2 / static_cast<double>(sums_.count), 2);
}

ScaledDouble Moments::SecondMoment() const {
  return Scaled(
      sums_.m2 / static_cast<double>(sums_.count) + sums_.mean * sums_.mean, 2);
}

ScaledDouble Moments::AbsMean() const {
  return Scaled(sums_.abs_sum / static_cast<double>(sums_.count), 1);
}

ScaledDouble Moments::Min() const { return Scaled(sums_.min, 1); }
ScaledDouble Moments::Max() const { return Scaled(sums_.max, 1); }

double Moments::Kurtosis() const {
  if (sums_.count == 0 || sums_.m2 == 0)
    return std::numeric_limits<double>::quiet_NaN();
  // Divides twice, because m2² may be out of range.
  return sums_.m4 / sums_.m2 / sums_.m2 * static_cast<double>(sums_.count);
}

ScaledDouble Moments::MeanRowVariance() const {
  return Scaled(row_variance_sum_ / static_cast<double>(rows_), 2);
}

}  // namespace initscope
