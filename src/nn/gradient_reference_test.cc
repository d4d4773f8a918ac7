#include "nn/gradient_reference_test.h"

#include <algorithm>
#include <limits>
#include <vector>

namespace initscope {

template <typename T>
GradientReference ComputeGradient(const GradientBatch<T>& batch) {
  const size_t samples = batch.x.rows(), fan_in = batch.x.cols(),
               fan_out = batch.delta.cols();
  GradientReference out;
  out.dw.Resize(fan_in, fan_out);
  out.magnitude.Resize(fan_in, fan_out);
  std::fill_n(out.dw.data(), out.dw.size(), Real{0});
  std::fill_n(out.magnitude.data(), out.dw.size(), Real{0});
  Real norms = 0;
  for (size_t s = 0; s < samples; ++s) {
    std::vector<Real> d(fan_out);
    Real x_squares = 0, d_squares = 0;
    for (size_t j = 0; j < fan_out; ++j) {
      d[j] = EntryOf(batch.delta, s, j);
      d_squares += d[j] * d[j];
    }
    for (size_t i = 0; i < fan_in; ++i) {
      const Real x = EntryOf(batch.x, s, i);
      x_squares += x * x;
      for (size_t j = 0; j < fan_out; ++j) {
        out.dw(i, j) += x * d[j];
        out.magnitude(i, j) += std::abs(x * d[j]);
      }
    }
    norms += std::sqrt(x_squares * d_squares);
  }
  Real squares = 0, magnitudes = 0;
  for (size_t k = 0; k < out.dw.size(); ++k) {
    const Real w = out.dw.data()[k];
    if (!std::isfinite(w)) continue;
    ++out.finite;
    out.mean += w;
    squares += w * w;
    magnitudes += out.magnitude.data()[k] * out.magnitude.data()[k];
  }
  const Real n = static_cast<Real>(out.finite);
  out.mean /= n;
  out.second_moment = squares / n;
  for (size_t k = 0; k < out.dw.size(); ++k) {
    const Real d = out.dw.data()[k] - out.mean;
    if (std::isfinite(d)) out.variance += d * d / n;
  }
  constexpr Real kEps = std::numeric_limits<T>::epsilon();
  const Real a = std::sqrt(magnitudes / n);
  const Real e = (std::sqrt(static_cast<Real>(samples)) + 4) * kEps * a;
  out.mean_error = e + 18 * kEps * a;
  const Real grams = 4 * kEps * norms * norms / n;
  out.variance_error =
      (std::isfinite(grams) ? std::min(1e-4L * out.variance, grams) : 0) +
      2 * std::sqrt(out.variance) * e + e * e;
  return out;
}

template GradientReference ComputeGradient(const GradientBatch<float>&);
template GradientReference ComputeGradient(const GradientBatch<double>&);

}  // namespace initscope
