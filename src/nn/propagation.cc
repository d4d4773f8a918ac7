#include "nn/propagation.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "nn/activation_row.h"
#include "stats/panel_kernels.h"

namespace initscope {
namespace {

// A stored row is rescaled to [1, 2) when its largest magnitude leaves
// 2^±kStoredRange, which is far enough from T's limits for a product over any
// width.
template <typename T>
constexpr int kStoredRange = sizeof(T) == 4 ? 16 : kPlainRange<double>;
// Within 2^±kMomentRange fourth powers and their sums fit T.
template <typename T>
constexpr int kMomentRange = sizeof(T) == 4 ? 24 : 200;

// Units that pass through a layer's kernels at a time: few enough that each
// kernel finds its input in L1.
constexpr size_t kUnits = 64;

// scale = factor·2^shift, with a factor near 1 if T could not hold `scale`.
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

bool IsFinite(const RowMoments& row) {
  return std::isfinite(row.mean) && std::isfinite(row.abs_sum);
}

double LargestOf(const RowMoments& row) {
  return std::max(std::abs(row.min), std::abs(row.max));
}

// Whether x is zero or its binary exponent is in ±range. REQUIRES: x >= 0.
bool IsWithin(double x, int range) {
  const double limit = static_cast<double>(uint64_t{1} << (range / 4));
  const double low = 1 / limit / limit / limit / limit;
  return x == 0 || (low <= x && x < 2 / low);
}

// Whether that holds for all of some samples, which are finite.
bool AreWithin(const LargestMagnitudes& largest, int range) {
  return largest.all_finite && IsWithin(largest.most, range) &&
         (largest.most == 0 || IsWithin(largest.least_positive, range));
}

template <typename T>
LargestMagnitudes LargestOfPanel(const MeasuredBatch<T>& x, size_t p) {
  return x.rows.LargestOf(p * x.width(), x.PanelSamples(p));
}

template <typename T>
void SetMoments(size_t sample, MeasuredBatch<T>* x) {
  std::vector<T> entries(x->units());
  CopySample(*x, sample, entries.data());
  x->rows.Set(sample, ComputeRowMoments(entries.data(), entries.size()));
}

// Rescales samples of a panel that left the stored range, and their moments, by
// powers of two, which is exact.
template <typename T>
void BringIntoRange(size_t p, MeasuredBatch<T>* x) {
  const LargestMagnitudes largest = LargestOfPanel(*x, p);
  if (largest.least > 0 && AreWithin(largest, kStoredRange<T>)) return;
  std::array<T, kMaxPanelWidth> factor;
  factor.fill(1);
  bool any = false;
  for (size_t i = 0; i < x->PanelSamples(p); ++i) {
    const size_t sample = p * x->width() + i;
    const RowMoments row = x->rows[sample];
    const double max = LargestOf(row);
    if (row.non_finite > 0) continue;
    if (max == 0) {
      x->exponent[sample] = 0;
    } else if (!IsWithin(max, kStoredRange<T>)) {
      // T can hold 2^−shift.
      constexpr int kLimit = std::numeric_limits<T>::max_exponent - 2;
      const int shift = std::clamp(std::ilogb(max), -kLimit, kLimit);
      x->exponent[sample] += shift;
      factor[i] = static_cast<T>(std::ldexp(1.0, -shift));
      x->rows.Set(sample, row.ScaledBy(std::ldexp(1.0, -shift)));
      any = true;
    }
  }
  if (any) {
    ScaleUnits<T>(x->panel(p), x->units(), x->width(), factor.data(), nullptr);
  }
}

// Turns the sums over panel p into the moments of its samples.
template <typename T>
void SetPanelMoments(const LaneMoments<T>& sums, size_t p,
                     MeasuredBatch<T>* x) {
  const size_t begin = p * x->width(), end = begin + x->PanelSamples(p);
  sums.Store(begin, &x->rows);
  if (!AreWithin(LargestOfPanel(*x, p), kMomentRange<T>)) {
    for (size_t i = begin; i < end; ++i) {
      const RowMoments row = x->rows[i];
      if (!IsFinite(row) || !IsWithin(LargestOf(row), kMomentRange<T>)) {
        SetMoments(i, x);
      }
    }
  }
  BringIntoRange(p, x);
}

// Adds the bias to a sample with an exponent. The common exponent is large
// enough that neither the product nor the bias overflows.
template <typename T>
void AddBiasToScaledSample(const ForwardLayer<T>& layer,
                           const SplitScale& split, size_t sample) {
  PackedBatch<T>& z = *layer.z;
  const size_t n = z.units();
  std::vector<T> row(n);
  CopySample(z, sample, row.data());
  // If the product is zero, only the bias remains.
  const bool vanishes = split.factor == 0 || MaxMagnitude(row.data(), n) == 0;
  const int64_t e = vanishes ? 0 : layer.x->exponent[sample] + split.shift;
  const T bias_max = MaxMagnitude(layer.bias.data(), n);
  const int64_t common =
      e == 0 ? 0 : std::max<int64_t>(e, std::ilogb(bias_max));
  const T factor = static_cast<T>(split.factor * PowerOfTwo(e - common));
  const double bias_factor = PowerOfTwo(-common);
  for (size_t j = 0; j < n; ++j) {
    row[j] = row[j] * factor + static_cast<T>(layer.bias[j] * bias_factor);
  }
  z.exponent[sample] = common;
  SetSample(row.data(), sample, &z);
}

// Finishes a sample that needs care: out of T's plain range, not finite, or
// with slopes that underflow.
template <typename T>
void FinishForwardSample(ForwardLayer<T>* layer, size_t sample) {
  const size_t n = layer->z->units();
  std::vector<T> z(n);
  CopySample(*layer->z, sample, z.data());
  int64_t& e = layer->z->exponent[sample];
  NormalizeRow(z.data(), n, &e);
  SetSample(z.data(), sample, layer->z);
  layer->z->rows.Set(sample, ComputeRowMoments(z.data(), n));
  if (layer->activation == nullptr) return;

  ScaledRow<T> x_row = {std::vector<T>(n)}, slope_row = {std::vector<T>(n)};
  ActivateRow(*layer->activation, z.data(), n, e, &x_row, &slope_row);
  const std::vector<T>&x = x_row.entries, &slope = slope_row.entries;
  layer->next->exponent[sample] = x_row.exponent;
  layer->slope->exponent[sample] = slope_row.exponent;
  SetSample(x.data(), sample, layer->next);
  SetSample(slope.data(), sample, layer->slope);
  layer->next->rows.Set(sample, ComputeRowMoments(x.data(), n));
  layer->slope_rows.Set(sample, ComputeRowMoments(slope.data(), n));
  layer->zeros[sample] = static_cast<uint32_t>(CountZeros(x.data(), n));
  // A row of slopes has an exponent only if all of them are tiny.
  layer->saturated[sample] = static_cast<uint32_t>(
      slope_row.exponent < 0
          ? layer->slope_rows[sample].count
          : CountBelow(slope.data(), n,
                       static_cast<T>(0.01 * layer->activation->max_slope)));
}

// Whether the vectorized pass is accurate for a sample.
template <typename T>
bool IsPlain(const ForwardLayer<T>& layer, size_t sample) {
  const RowMoments z = layer.z->rows[sample];
  const double max = LargestOf(z);
  if (!IsFinite(z) || !IsWithin(max, kMomentRange<T>)) return false;
  const Activation* f = layer.activation;
  if (f == nullptr) return true;
  if (!IsFinite(layer.next->rows[sample])) return false;
  if (!f->homogeneous && layer.z->exponent[sample] != 0) return false;
  return f->log_abs_slope == nullptr ||
         LargestOf(layer.slope_rows[sample]) >= kSmallSlope<T>;
}

// Whether it is for all samples of panel p.
template <typename T>
bool IsPlainPanel(const ForwardLayer<T>& layer, size_t p) {
  if (!AreWithin(LargestOfPanel(*layer.z, p), kMomentRange<T>)) return false;
  const Activation* f = layer.activation;
  if (f == nullptr) return true;
  if (!LargestOfPanel(*layer.next, p).all_finite) return false;
  const size_t begin = p * layer.z->width();
  const size_t samples = layer.z->PanelSamples(p);
  if (!f->homogeneous) {
    const auto exponents = std::span(layer.z->exponent).subspan(begin, samples);
    if (!std::ranges::all_of(exponents, [](int64_t e) { return e == 0; })) {
      return false;
    }
  }
  return f->log_abs_slope == nullptr ||
         layer.slope_rows.LargestOf(begin, samples).least >= kSmallSlope<T>;
}

// The vectorized pass over a panel.
template <typename T>
void FinishForwardPlain(ForwardLayer<T>* layer, size_t p, const T* factor,
                        const T* bias) {
  MeasuredBatch<T>& z = *layer->z;
  const size_t n = z.units(), width = z.width(), samples = z.PanelSamples(p);
  const Activation* f = layer->activation;
  LaneMoments<T> z_sums, x_sums, slope_sums;
  std::array<uint32_t, kMaxPanelWidth> zeros = {}, saturated = {};
  const T bound = f == nullptr ? T{0} : static_cast<T>(0.01 * f->max_slope);
  for (size_t j = 0; j < n; j += kUnits) {
    const size_t units = std::min(kUnits, n - j);
    T* zj = z.unit(p, j);
    if (factor != nullptr) {
      ScaleUnits<T>(zj, units, width, factor,
                    bias == nullptr ? nullptr : bias + j);
    }
    if (j == 0) z_sums.Begin(zj, units, width);
    z_sums.Add4(zj, units);
    if (f == nullptr) continue;
    T* xj = layer->next->unit(p, j);
    T* sj = layer->slope->unit(p, j);
    f->Apply(zj, units * width, xj, sj);
    if (j == 0) x_sums.Begin(xj, units, width);
    if (j == 0) slope_sums.Begin(sj, units, width);
    x_sums.Add2(xj, units);
    slope_sums.Add2(sj, units);
    CountBelow<T>(xj, units, width, std::numeric_limits<T>::min(),
                  zeros.data());
    CountBelow<T>(sj, units, width, bound, saturated.data());
    if (layer->HasExactZeros()) {
      MarkNonZero<T>(sj, units, width, samples, layer->alive.row(p) + j);
    }
  }
  const size_t begin = p * width;
  z_sums.Store(begin, &z.rows);
  if (f == nullptr) return;
  x_sums.Store(begin, &layer->next->rows);
  slope_sums.Store(begin, &layer->slope_rows);
  std::copy_n(zeros.begin(), samples, layer->zeros.begin() + begin);
  std::copy_n(saturated.begin(), samples, layer->saturated.begin() + begin);
}

}  // namespace

template <typename T>
void ForwardLayer<T>::Prepare() {
  const size_t samples = z->samples(), units = z->units();
  z->rows.Resize(samples);
  if (activation == nullptr) return;
  next->Resize(samples, units);
  slope->Resize(samples, units);
  slope_rows.Resize(samples);
  zeros.resize(samples);
  saturated.resize(samples);
  alive.Resize(z->panels(), units);
  std::fill_n(alive.data(), alive.size(), uint8_t{0});
}

template <typename T>
void FinishForward(ForwardLayer<T>* layer, size_t p) {
  PackedBatch<T>& z = *layer->z;
  const size_t width = z.width(), begin = p * width;
  const size_t samples = z.PanelSamples(p);
  const SplitScale split = Split(layer->scale);
  const bool has_bias = !layer->bias.empty();
  bool exponents = false;
  for (size_t i = 0; i < samples; ++i) {
    z.exponent[begin + i] = layer->x->exponent[begin + i] + split.shift;
    exponents = exponents || z.exponent[begin + i] != 0;
  }
  if (has_bias && exponents) {
    for (size_t i = 0; i < samples; ++i) {
      AddBiasToScaledSample(*layer, split, begin + i);
    }
    FinishForwardPlain<T>(layer, p, nullptr, nullptr);
  } else {
    std::array<T, kMaxPanelWidth> factor;
    factor.fill(static_cast<T>(split.factor));
    FinishForwardPlain(layer, p, factor.data(),
                       has_bias ? layer->bias.data() : nullptr);
  }
  if (layer->activation != nullptr) {
    std::copy_n(z.exponent.begin() + begin, samples,
                layer->next->exponent.begin() + begin);
  }
  const bool all_plain = IsPlainPanel(*layer, p);
  for (size_t i = begin; i < begin + samples && !all_plain; ++i) {
    if (!IsPlain(*layer, i)) FinishForwardSample(layer, i);
  }
  if (layer->activation == nullptr) return;
  if (!all_plain && layer->HasExactZeros()) {
    std::fill_n(layer->alive.row(p), z.units(), uint8_t{0});
    MarkNonZero<T>(layer->slope->panel(p), z.units(), width, samples,
                   layer->alive.row(p));
  }
  BringIntoRange(p, layer->next);
  // Lanes without a sample still take part in products.
  if (samples < width) {
    for (size_t j = 0; j < z.units(); ++j) {
      T* x = layer->next->unit(p, j);
      std::fill(x + samples, x + width, T{0});
    }
  }
}

template <typename T>
void Measure(const ScaledMatrix<T>& from, Jobs jobs, MeasuredBatch<T>* to) {
  Pack(from, to);
  to->rows.Resize(to->samples());
  ParallelFor(to->panels(), jobs, [&](size_t p) {
    LaneMoments<T> sums;
    sums.Begin(to->panel(p), to->units(), to->width());
    sums.Add2(to->panel(p), to->units());
    SetPanelMoments(sums, p, to);
  });
}

template <typename T>
void FinishBackward(BackwardLayer<T>* layer, size_t p) {
  PackedBatch<T>& out = *layer->out;
  const size_t n = out.units(), width = out.width(), begin = p * width;
  const SplitScale split = Split(layer->scale);
  std::array<T, kMaxPanelWidth> factor;
  factor.fill(static_cast<T>(split.factor));
  for (size_t i = begin; i < begin + out.PanelSamples(p); ++i) {
    out.exponent[i] = layer->delta->exponent[i] + split.shift;
    if (layer->slope != nullptr) out.exponent[i] += layer->slope->exponent[i];
  }
  LaneMoments<T> sums;
  for (size_t j = 0; j < n; j += kUnits) {
    T* const at = out.unit(p, j);
    const size_t units = std::min(kUnits, n - j);
    if (layer->slope == nullptr) {
      ScaleUnits<T>(at, units, width, factor.data(), nullptr);
    } else {
      MultiplyUnits(at, units, width, factor.data(), layer->slope->unit(p, j));
    }
    if (j == 0) sums.Begin(at, units, width);
    sums.Add2(at, units);
  }
  SetPanelMoments(sums, p, layer->out);
  // The product wrote to the padding, and not zeros if a row is not finite.
  std::fill(out.unit(p, n), out.unit(p, out.padded_units()), T{0});
}

#define INITSCOPE_INSTANTIATE(T)                           \
  template struct ForwardLayer<T>;                         \
  template void FinishForward(ForwardLayer<T>*, size_t);   \
  template void FinishBackward(BackwardLayer<T>*, size_t); \
  template void Measure(const ScaledMatrix<T>&, Jobs, MeasuredBatch<T>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
