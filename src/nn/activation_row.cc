#include "nn/activation_row.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "linalg/scaled_matrix.h"

namespace initscope {
namespace {

// Pre-activations beyond 2^±kDirect are replaced by f's limits.
constexpr int64_t kDirect = 900;

// f'(z) for a row: from the logarithms, as mantissas with a common exponent.
template <typename T>
void SlopeRowFromLog(const Activation& f, const std::vector<double>& z,
                     ScaledRow<T>* out) {
  T* const slope = out->entries.data();
  // Below e^−kLimit a slope counts as zero.
  constexpr double kLimit = 0x1p52;
  std::vector<double> log_slope(z.size());
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t j = 0; j < z.size(); ++j) {
    log_slope[j] = f.log_abs_slope(z[j]);
    largest = std::max(largest, log_slope[j]);
  }
  if (!(largest > -kLimit)) {
    for (size_t j = 0; j < z.size(); ++j) {
      slope[j] = std::isnan(z[j]) ? static_cast<T>(z[j]) : T{0};
    }
    out->exponent = 0;
    return;
  }
  out->exponent = static_cast<int64_t>(std::floor(largest / std::log(2.0)));
  const double base = static_cast<double>(out->exponent) * std::log(2.0);
  for (size_t j = 0; j < z.size(); ++j) {
    // In the tails f' keeps the sign that it has before it underflows.
    const double sign = f.slope(std::clamp(z[j], -30.0, 30.0));
    slope[j] =
        static_cast<T>(std::copysign(std::exp(log_slope[j] - base), sign));
  }
}

// A row with an exponent, for f that are not homogeneous.
template <typename T>
void ActivateScaledRow(const Activation& f, const T* z, size_t n, int64_t e,
                       ScaledRow<T>* x, ScaledRow<T>* slope) {
  constexpr double kFar = 1e300;
  constexpr double kNear = 1e-300;
  std::vector<double> plain(n);  // z, or a stand-in at its limit
  for (size_t j = 0; j < n; ++j) {
    const double mantissa = z[j];
    if (std::abs(e) <= kDirect) {
      plain[j] = mantissa * PowerOfTwo(e);
    } else if (mantissa == 0) {
      plain[j] = 0;
    } else {
      plain[j] = std::copysign(e > 0 ? kFar : kNear, mantissa);
    }
  }
  // If f grows without bound (or is linear near 0), x is in units of 2^e.
  const bool grows = f.slope(kFar) != 0 || f.slope(-kFar) != 0;
  const bool keeps_exponent = e > 0 ? grows : f.value(0) == 0;
  std::vector<double> value(n);
  for (size_t j = 0; j < n; ++j) {
    if (!keeps_exponent) {
      value[j] = f.value(plain[j]);
    } else if (std::abs(e) <= kDirect) {
      value[j] = f.value(plain[j]) * PowerOfTwo(-e);
    } else {
      value[j] = f.slope(plain[j]) * z[j];
    }
  }
  int64_t value_exponent = keeps_exponent ? e : 0;
  NormalizeRow(value.data(), n, &value_exponent);
  for (size_t j = 0; j < n; ++j) {
    T& entry = x->entries[j];
    entry = static_cast<T>(value[j]);
    // Tiny, but not to be counted as zero.
    if (entry == 0 && value[j] != 0) {
      entry = static_cast<T>(
          std::copysign(std::numeric_limits<T>::min(), value[j]));
    }
  }
  x->exponent = value_exponent;

  slope->exponent = 0;
  double largest = 0;
  for (size_t j = 0; j < n; ++j) {
    const double s = f.slope(plain[j]);
    slope->entries[j] = static_cast<T>(s);
    largest = std::max(largest, std::abs(s));
  }
  if (f.log_abs_slope != nullptr && largest < kSmallSlope<T>) {
    SlopeRowFromLog(f, plain, slope);
  }
}

}  // namespace

template <typename T>
void ActivateRow(const Activation& f, const T* z, size_t n, int64_t e,
                 ScaledRow<T>* x, ScaledRow<T>* slope) {
  if (e != 0 && !f.homogeneous) {
    ActivateScaledRow(f, z, n, e, x, slope);
  } else {
    f.Apply(z, n, x->entries.data(), slope->entries.data());
    x->exponent = e;
    slope->exponent = 0;
    if (f.log_abs_slope != nullptr &&
        MaxMagnitude(slope->entries.data(), n) < kSmallSlope<T>) {
      SlopeRowFromLog(f, std::vector<double>(z, z + n), slope);
    }
  }
  NormalizeRow(x->entries.data(), n, &x->exponent);
}

template void ActivateRow(const Activation&, const float*, size_t, int64_t,
                          ScaledRow<float>*, ScaledRow<float>*);
template void ActivateRow(const Activation&, const double*, size_t, int64_t,
                          ScaledRow<double>*, ScaledRow<double>*);

}  // namespace initscope
