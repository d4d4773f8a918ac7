#include "nn/propagation.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/product.h"

namespace initscope {
namespace {

// scale = factor·2^shift with factor near 1 where T would lose it.
struct SplitScale {
  double factor;
  int64_t shift;
};

SplitScale Split(double scale) {
  constexpr int kComfortable = 30;
  int exponent = 0;
  const double mantissa = std::frexp(scale, &exponent);
  if (std::abs(exponent) <= kComfortable) return {scale, 0};
  return {mantissa, exponent};
}

constexpr int64_t kNoExponent = std::numeric_limits<int64_t>::min();

// The exponent of the largest |x_ij|·2^e_i, kNoExponent if all are zero.
template <typename T>
int64_t LargestRowExponent(const ScaledMatrix<T>& x) {
  int64_t largest = kNoExponent;
  for (size_t i = 0; i < x.rows(); ++i) {
    if (x.exponent[i] <= largest) continue;
    if (MaxMagnitude(x.mantissa.row(i), x.cols()) > 0) {
      largest = x.exponent[i];
    }
  }
  return largest;
}

}  // namespace

template <typename T>
void ForwardLinear(const UnitWeights<T>& weights, double scale,
                   const std::vector<T>& bias, const ScaledMatrix<T>& x,
                   ScaledMatrix<T>* z) {
  const size_t n = weights.fan_out();
  z->Resize(x.rows(), n);
  weights.Forward(x.mantissa.view(), z->mantissa.view());
  const SplitScale split = Split(scale);
  const T bias_max = MaxMagnitude(bias.data(), bias.size());
  for (size_t i = 0; i < x.rows(); ++i) {
    T* row = z->mantissa.row(i);
    const int64_t e = x.exponent[i] + split.shift;
    if (bias_max == 0) {
      const T factor = static_cast<T>(split.factor);
      for (size_t j = 0; j < n; ++j) row[j] *= factor;
      z->exponent[i] = e;
    } else {
      // The common exponent is one that neither term overflows.
      const int64_t common =
          e == 0 ? 0 : std::max<int64_t>(e, std::ilogb(bias_max));
      const T factor = static_cast<T>(split.factor * PowerOfTwo(e - common));
      const double bias_factor = PowerOfTwo(-common);
      for (size_t j = 0; j < n; ++j) {
        row[j] = row[j] * factor + static_cast<T>(bias[j] * bias_factor);
      }
      z->exponent[i] = common;
    }
    NormalizeRow(row, n, &z->exponent[i]);
  }
}

namespace {

// Beyond 2^±kDirect a double pre-activation is replaced by f's limits.
constexpr int64_t kDirect = 900;
// Slopes whose row maximum is below this are computed from their logarithm:
// even fourth powers of what is above it fit a double.
template <typename T>
constexpr double kSmallSlope = sizeof(T) == 4 ? 0x1p-60 : 0x1p-200;

// f'(z) for a row: logarithms first, then mantissas under a common exponent.
template <typename T>
void SlopeRowFromLog(const Activation& f, const std::vector<double>& z,
                     T* slope, int64_t* exponent) {
  // An exponent past this cannot be told from an exact zero.
  constexpr double kLimit = 0x1p52;
  std::vector<double> log_slope(z.size());
  double largest = -std::numeric_limits<double>::infinity();
  for (size_t j = 0; j < z.size(); ++j) {
    log_slope[j] = f.log_abs_slope(z[j]);
    largest = std::max(largest, log_slope[j]);
  }
  if (!(largest > -kLimit)) {
    std::fill_n(slope, z.size(), T{0});
    *exponent = 0;
    return;
  }
  *exponent = static_cast<int64_t>(std::floor(largest / std::log(2.0)));
  const double base = static_cast<double>(*exponent) * std::log(2.0);
  for (size_t j = 0; j < z.size(); ++j) {
    // Far out the sign is that of f' just before it would underflow.
    const double sign = f.slope(std::clamp(z[j], -30.0, 30.0));
    slope[j] =
        static_cast<T>(std::copysign(std::exp(log_slope[j] - base), sign));
  }
}

// The slow path: a row with an exponent, in double.
template <typename T>
void ActivateScaledRow(const Activation& f, const T* z, size_t n, int64_t e,
                       T* x, int64_t* x_exponent, T* slope,
                       int64_t* slope_exponent) {
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
  // Where f keeps growing (or is linear near 0), x is in units of 2^e.
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
    x[j] = static_cast<T>(value[j]);
    // Next to nothing, but not the zero that is counted as one.
    if (x[j] == 0 && value[j] != 0) {
      x[j] = static_cast<T>(
          std::copysign(std::numeric_limits<T>::min(), value[j]));
    }
  }
  *x_exponent = value_exponent;

  *slope_exponent = 0;
  double largest = 0;
  for (size_t j = 0; j < n; ++j) {
    const double s = f.slope(plain[j]);
    slope[j] = static_cast<T>(s);
    largest = std::max(largest, std::abs(s));
  }
  if (f.log_abs_slope != nullptr && largest < kSmallSlope<T>) {
    SlopeRowFromLog(f, plain, slope, slope_exponent);
  }
}

}  // namespace

template <typename T>
void ApplyActivation(const Activation& activation, const ScaledMatrix<T>& z,
                     ScaledMatrix<T>* x, ScaledMatrix<T>* slope) {
  const size_t n = z.cols();
  x->Resize(z.rows(), n);
  slope->Resize(z.rows(), n);
  for (size_t i = 0; i < z.rows(); ++i) {
    const T* zi = z.mantissa.row(i);
    T* xi = x->mantissa.row(i);
    T* si = slope->mantissa.row(i);
    if (z.exponent[i] != 0 && !activation.homogeneous) {
      ActivateScaledRow(activation, zi, n, z.exponent[i], xi, &x->exponent[i],
                        si, &slope->exponent[i]);
    } else {
      activation.Apply(zi, n, xi, si);
      x->exponent[i] = z.exponent[i];
      if (activation.log_abs_slope != nullptr &&
          MaxMagnitude(si, n) < kSmallSlope<T>) {
        const std::vector<double> plain(zi, zi + n);
        SlopeRowFromLog(activation, plain, si, &slope->exponent[i]);
      }
    }
    NormalizeRow(xi, n, &x->exponent[i]);
  }
}

template <typename T>
void BackwardLinear(const UnitWeights<T>& weights, double scale,
                    const ScaledMatrix<T>& delta, const ScaledMatrix<T>* slope,
                    ScaledMatrix<T>* out) {
  const size_t n = weights.fan_in();
  out->Resize(delta.rows(), n);
  weights.Backward(delta.mantissa.view(), out->mantissa.view());
  const SplitScale split = Split(scale);
  const T factor = static_cast<T>(split.factor);
  for (size_t i = 0; i < delta.rows(); ++i) {
    T* row = out->mantissa.row(i);
    int64_t e = delta.exponent[i] + split.shift;
    if (slope != nullptr) {
      const T* s = slope->mantissa.row(i);
      for (size_t j = 0; j < n; ++j) row[j] = row[j] * factor * s[j];
      e += slope->exponent[i];
    } else {
      for (size_t j = 0; j < n; ++j) row[j] *= factor;
    }
    out->exponent[i] = e;
    NormalizeRow(row, n, &out->exponent[i]);
  }
}

template <typename T>
void WeightGradient(const ScaledMatrix<T>& x, const ScaledMatrix<T>& delta,
                    ScaledMatrix<T>* out) {
  INITSCOPE_CHECK(x.rows() == delta.rows());
  out->Resize(x.cols(), delta.cols());
  // One exponent for the sum over samples: that of the largest term.
  std::vector<int64_t> exponent(x.rows());
  int64_t common = kNoExponent;
  bool all_plain = true;
  for (size_t i = 0; i < x.rows(); ++i) {
    exponent[i] = x.exponent[i] + delta.exponent[i];
    all_plain = all_plain && exponent[i] == 0;
    if (exponent[i] > common && MaxMagnitude(x.mantissa.row(i), x.cols()) > 0 &&
        MaxMagnitude(delta.mantissa.row(i), delta.cols()) > 0) {
      common = exponent[i];
    }
  }
  if (common == kNoExponent) {  // X or delta is exactly zero
    std::fill_n(out->mantissa.data(), out->mantissa.size(), T{0});
    return;
  }
  if (all_plain) {
    TransposedMultiply<T>(x.mantissa.view(), delta.mantissa.view(),
                          out->mantissa.view());
    return;
  }
  Matrix<T> aligned(delta.rows(), delta.cols());
  std::copy_n(delta.mantissa.data(), aligned.size(), aligned.data());
  for (size_t i = 0; i < aligned.rows(); ++i) {
    ScaleByPowerOfTwo(aligned.row(i), aligned.cols(), exponent[i] - common);
  }
  TransposedMultiply<T>(x.mantissa.view(), aligned.view(),
                        out->mantissa.view());
  out->exponent.assign(out->rows(), common);
}

template <typename T>
void BiasGradient(const ScaledMatrix<T>& delta, ScaledMatrix<double>* out) {
  out->Resize(1, delta.cols());
  double* sum = out->mantissa.row(0);
  std::fill_n(sum, delta.cols(), 0.0);
  const int64_t common = LargestRowExponent(delta);
  if (common == kNoExponent) return;
  for (size_t i = 0; i < delta.rows(); ++i) {
    const double factor = PowerOfTwo(delta.exponent[i] - common);
    const T* row = delta.mantissa.row(i);
    for (size_t j = 0; j < delta.cols(); ++j) sum[j] += row[j] * factor;
  }
  out->exponent[0] = common;
}

#define INITSCOPE_INSTANTIATE(T)                                               \
  template void ForwardLinear(const UnitWeights<T>&, double,                   \
                              const std::vector<T>&, const ScaledMatrix<T>&,   \
                              ScaledMatrix<T>*);                               \
  template void ApplyActivation(const Activation&, const ScaledMatrix<T>&,     \
                                ScaledMatrix<T>*, ScaledMatrix<T>*);           \
  template void BackwardLinear(const UnitWeights<T>&, double,                  \
                               const ScaledMatrix<T>&, const ScaledMatrix<T>*, \
                               ScaledMatrix<T>*);                              \
  template void WeightGradient(const ScaledMatrix<T>&, const ScaledMatrix<T>&, \
                               ScaledMatrix<T>*);                              \
  template void BiasGradient(const ScaledMatrix<T>&, ScaledMatrix<double>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
