#include "stats/moments.h"

#include <algorithm>
#include <limits>

namespace initscope {

template <typename T>
void Moments::Add(const ScaledMatrix<T>& x) {
  std::vector<RowMoments> rows;
  for (size_t i = 0; i < x.rows(); ++i) {
    rows.push_back(ComputeRowMoments(x.mantissa.row(i), x.cols()));
  }
  Add(rows, x.exponent);
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

// Rows of equal length are merged at once, without a division for each:
//
//     Σ(x − mean)^k = Σ_i Σ_j ((x_ij − mean_i) + d_i)^k,   d_i = mean_i − mean
void Moments::Add(std::span<const RowMoments> rows,
                  std::span<const int64_t> exponents) {
  INITSCOPE_CHECK(rows.size() == exponents.size());
  const size_t length = rows.empty() ? 0 : rows[0].count;
  int64_t common = std::numeric_limits<int64_t>::min();
  bool alike = length > 0;
  for (size_t i = 0; i < rows.size(); ++i) {
    alike = alike && rows[i].count == length && rows[i].non_finite == 0;
    if (rows[i].abs_sum != 0) common = std::max(common, exponents[i]);
  }
  if (!alike) {
    for (size_t i = 0; i < rows.size(); ++i) Add(rows[i], exponents[i]);
    return;
  }
  if (common == std::numeric_limits<int64_t>::min()) common = 0;
  const double n = static_cast<double>(length);
  const auto unit = [&](size_t i) {
    return exponents[i] == common ? 1 : PowerOfTwo(exponents[i] - common);
  };
  Moments sum;
  // A row of zeros may have any exponent, which does not matter.
  double offsets = 0;
  const double origin = rows[0].abs_sum == 0 ? 0 : rows[0].mean * unit(0);
  for (size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].abs_sum != 0) {
      offsets += rows[i].mean * unit(i) - origin;
    } else {
      offsets -= origin;
    }
  }
  sum.mean_ = origin + offsets / static_cast<double>(rows.size());
  for (size_t i = 0; i < rows.size(); ++i) {
    const RowMoments& row = rows[i];
    const double f = row.abs_sum == 0 ? 0 : unit(i);
    const double f2 = f * f;
    const double m2 = row.m2 * f2, m3 = row.m3 * f2 * f, m4 = row.m4 * f2 * f2;
    const double d = row.mean * f - sum.mean_;
    sum.m2_ += m2 + n * d * d;
    sum.m3_ += m3 + d * (3 * m2 + n * d * d);
    sum.m4_ += m4 + d * (4 * m3 + d * (6 * m2 + n * d * d));
    sum.abs_sum_ += row.abs_sum * f;
    sum.row_variance_sum_ += m2 / n;
    sum.min_ = i == 0 ? row.min * f : std::min(sum.min_, row.min * f);
    sum.max_ = i == 0 ? row.max * f : std::max(sum.max_, row.max * f);
  }
  sum.rows_ = rows.size();
  sum.count_ = rows.size() * length;
  sum.exponent_ = common;
  Merge(sum);
}

Moments Moments::ScaledBy(ScaledDouble factor) const {
  Moments out = *this;
  out.MultiplyBy(factor.value);
  out.exponent_ += factor.exponent;
  return out;
}

// Zeros fit every exponent, and so they do not decide which one is used.
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

void Moments::MultiplyBy(double f) {
  mean_ *= f;
  m2_ *= f * f;
  m3_ *= f * f * f;
  m4_ *= f * f * f * f;
  abs_sum_ *= f;
  min_ *= f;
  max_ *= f;
  row_variance_sum_ *= f * f;
}

void Moments::Rescale(int64_t exponent) {
  if (exponent == exponent_) return;
  MultiplyBy(PowerOfTwo(exponent_ - exponent));
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
  // Divides twice, because m2² may be out of range.
  return m4_ / m2_ / m2_ * static_cast<double>(count_);
}

ScaledDouble Moments::MeanRowVariance() const {
  return Scaled(row_variance_sum_ / static_cast<double>(rows_), 2);
}

}  // namespace initscope
