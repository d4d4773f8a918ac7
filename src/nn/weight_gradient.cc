#include "nn/weight_gradient.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "linalg/packed_product.h"
#include "linalg/transposed_product.h"
#include "stats/panel_kernels.h"
#include "stats/sample_geometry.h"
#include "stats/sample_sums.h"

namespace initscope {
namespace {

constexpr int64_t kNoExponent = std::numeric_limits<int64_t>::min();

// The relative error allowed in a variance from Gram matrices. Rounding changes
// an entry by about eps·‖x_i‖‖x_k‖. Nearly equal samples have entries that
// change alike, so the sum may change by eps times the sum of the magnitudes of
// its terms (observed: 2.5 times that, in clusters whose δ cancel).
constexpr double kGramTolerance = 1e-4;
constexpr double kGramRounding = 4;

// The weights of samples in sums over them.
struct Weights {
  std::vector<double> factor;  // 2^(its exponents − common), 0 for zero rows
  int64_t common = kNoExponent;  // kNoExponent if every product is zero
  bool is_plain = true;          // all factors are 1
  bool is_finite = true;
};

template <typename T>
Weights WeighSamples(const MeasuredBatch<T>& x, const MeasuredBatch<T>& delta) {
  const size_t samples = x.samples();
  INITSCOPE_CHECK(delta.samples() == samples);
  Weights w;
  std::vector<uint8_t> counts(samples);
  for (size_t i = 0; i < samples; ++i) {
    w.is_finite = w.is_finite && x.rows.IsFinite(i) && delta.rows.IsFinite(i);
    counts[i] = !x.rows.IsZero(i) && !delta.rows.IsZero(i);
    if (!counts[i]) continue;
    w.common = std::max(w.common, x.exponent[i] + delta.exponent[i]);
  }
  w.factor.resize(samples);
  for (size_t i = 0; i < samples; ++i) {
    const int64_t e = x.exponent[i] + delta.exponent[i];
    if (counts[i]) w.factor[i] = e == w.common ? 1 : PowerOfTwo(e - w.common);
    w.is_plain = w.is_plain && w.factor[i] == 1;
  }
  return w;
}

std::vector<double> Means(const SampleMoments& rows) {
  const double* const means = rows.field(SampleMoments::kMean);
  return {means, means + rows.size()};
}

// Sets out = x − mean, sample by sample, and returns Σ_i weight_i·(x_i −
// mean_i) for each unit. Rounds `means` to T first.
template <typename T>
SampleSum Center(const PackedBatch<T>& x, std::vector<double>* means,
                 std::vector<double> weight, Jobs jobs, PackedBatch<T>* out) {
  out->Resize(x.samples(), x.units());
  ParallelFor(x.panels(), jobs, [&](size_t p) {
    std::array<T, kMaxPanelWidth> origin = {};
    for (size_t i = 0; i < x.PanelSamples(p); ++i) {
      double& mean = (*means)[p * x.width() + i];
      mean = origin[i] = static_cast<T>(mean);
    }
    CenterUnits<T>(x.panel(p), x.units(), x.width(), origin.data(),
                   x.PanelSamples(p), out->panel(p));
  });
  SampleSum sum;
  sum.factor = std::move(weight);
  SumOverSamples<T>(*out, jobs, {{&sum}});
  return sum;
}

double SumOfSquares(const std::vector<double>& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0);
}

std::vector<double> Product(const std::vector<double>& a,
                            const std::vector<double>& b) {
  std::vector<double> out(a.size());
  std::ranges::transform(a, b, out.begin(), std::multiplies<>());
  return out;
}

struct GramSum {
  double total = 0;      // Σ_ik f_i f_k (x̃_i·x̃_k)(δ̃_i·δ̃_k)
  double magnitude = 0;  // of its terms
};

template <typename T>
GramSum SumOfGrams(const PackedBatch<T>& x, const PackedBatch<T>& delta,
                   const std::vector<double>& factor, Jobs jobs) {
  const size_t panels = x.panels(), width = x.width();
  // One task per panel p takes its pairs (p, q) with q >= p, some at a time.
  constexpr size_t kPairs = 8;
  std::vector<GramSum> parts(panels);
  ParallelFor(panels, jobs, [&](size_t p) {
    const size_t size = width * width;
    std::vector<double> a(kPairs * size), b(kPairs * size);
    for (size_t begin = p; begin < panels; begin += kPairs) {
      const size_t end = std::min(begin + kPairs, panels);
      GramTiles(x, p, x, begin, end, a.data());
      GramTiles(delta, p, delta, begin, end, b.data());
      for (size_t q = begin; q < end; ++q) {
        const size_t tile = (q - begin) * size;
        // Sums per lane, which the compiler vectorizes. Lanes and rows without
        // a sample hold zeros.
        std::array<double, kMaxPanelWidth> total = {}, magnitude = {};
        for (size_t i = 0; i < x.PanelSamples(p); ++i) {
          const double weight = (p == q ? 1 : 2) * factor[p * width + i];
          const size_t row = tile + i * width;
          for (size_t k = 0; k < width; ++k) {
            const double term = weight * (a[row + k] * b[row + k]);
            total[k] += term;
            magnitude[k] += std::abs(term);
          }
        }
        for (size_t k = 0; k < x.PanelSamples(q); ++k) {
          parts[p].total += factor[q * width + k] * total[k];
          parts[p].magnitude += factor[q * width + k] * magnitude[k];
        }
      }
    }
  });
  GramSum sum;
  for (const GramSum& part : parts) {
    sum.total += part.total;
    sum.magnitude += part.magnitude;
  }
  return sum;
}

// Returns `delta`, or a copy of it that brings all products to one exponent.
template <typename T>
const PackedBatch<T>& Align(const PackedBatch<T>& delta, const Weights& w,
                            PackedBatch<T>* copy) {
  if (w.is_plain) return delta;
  copy->Resize(delta.samples(), delta.units());
  for (size_t p = 0; p < delta.panels(); ++p) {
    std::array<T, kMaxPanelWidth> factor = {};
    for (size_t i = 0; i < delta.PanelSamples(p); ++i) {
      factor[i] = static_cast<T>(w.factor[p * delta.width() + i]);
    }
    const size_t size = delta.units() * delta.width();
    std::copy_n(delta.panel(p), size, copy->panel(p));
    ScaleUnits<T>(copy->panel(p), delta.units(), delta.width(), factor.data(),
                  nullptr);
  }
  return *copy;
}

template <typename T>
void VisitFormed(const PackedBatch<T>& x, const PackedBatch<T>& delta,
                 const Weights& w, Jobs jobs, GradientScratch<T>* scratch,
                 const GradientVisitor<T>& visit) {
  const bool is_zero = w.common == kNoExponent;
  if (!is_zero) {
    Transpose(Align(delta, w, &scratch->delta), &scratch->transposed);
  }
  // Strips small enough for the cache, but high enough that delta, all of which
  // passes by for each, does not cost more than the arithmetic.
  constexpr size_t kLeast = 4;
  const size_t rows =
      kUnitStep * std::max(kLeast, 16384 / delta.units() / kUnitStep);
  ParallelFor(Steps(x.units(), rows), jobs, [&](size_t s) {
    const size_t begin = s * rows;
    Matrix<T> strip(std::min(rows, x.units() - begin), delta.units());
    if (is_zero) {
      std::fill_n(strip.data(), strip.size(), T{0});
    } else {
      TransposedMultiply(x, begin, scratch->transposed, strip.view());
    }
    visit(begin, strip.view(), is_zero ? 0 : w.common);
  });
}

// The moments of some entries. In T their squares must not underflow: then
// nothing is returned.
template <typename T>
std::optional<RowMoments> MomentsOf(const EntrySums& sums, size_t count) {
  constexpr double kLeastSquare = sizeof(T) == 4 ? 0x1p-100 : 0x1p-900;
  const double shift = sums.first / static_cast<double>(count);
  RowMoments out;
  out.count = count;
  out.mean = sums.origin + shift;
  out.m2 = sums.second - shift * sums.first;
  out.abs_sum = out.m2 + std::abs(out.mean);  // only whether it is zero matters
  const bool is_accurate = out.m2 > kLeastSquare * static_cast<double>(count) &&
                           std::isfinite(out.abs_sum);
  return is_accurate ? std::optional(out) : std::nullopt;
}

template <typename T>
void AddFormed(const PackedBatch<T>& x, const PackedBatch<T>& delta,
               const Weights& w, Jobs jobs, GradientScratch<T>* scratch,
               Moments* moments) {
  Transpose(Align(delta, w, &scratch->delta), &scratch->transposed);
  constexpr size_t kRows = 8 * kUnitStep;
  std::vector<RowMoments> parts(Steps(x.units(), kRows));
  ParallelFor(parts.size(), jobs, [&](size_t s) {
    const size_t row = s * kRows, rows = std::min(kRows, x.units() - row);
    const auto found =
        MomentsOf<T>(TransposedSums(x, row, rows, scratch->transposed),
                     rows * delta.units());
    if (found) {
      parts[s] = *found;
    } else {  // with whatever is not finite, or nearly alike
      Matrix<T> strip(rows, delta.units());
      TransposedMultiply(x, row, scratch->transposed, strip.view());
      parts[s] = ComputeRowMoments(strip.data(), strip.size());
    }
  });
  for (const RowMoments& part : parts) moments->Add(part, w.common);
}

bool FormingIsCheaper(double batch, double fan_in, double fan_out) {
  return 2 * fan_in * fan_out <= batch * (fan_in + fan_out);
}

}  // namespace

template <typename T>
void AddWeightGradient(const MeasuredBatch<T>& x, const MeasuredBatch<T>& delta,
                       Jobs jobs, GradientScratch<T>* scratch,
                       Moments* moments) {
  const Weights w = WeighSamples(x, delta);
  const double fan_in = static_cast<double>(x.units());
  const double fan_out = static_cast<double>(delta.units());
  RowMoments sums;
  sums.count = x.units() * delta.units();
  if (w.common == kNoExponent) {
    moments->Add(sums, 0);
    return;
  }
  const double batch = static_cast<double>(x.samples());
  if (w.is_finite && !FormingIsCheaper(batch, fan_in, fan_out)) {
    std::vector<double> c = Means(x.rows);
    std::vector<double> g = Means(delta.rows);
    sums.mean = std::inner_product(c.begin(), c.end(),
                                   Product(g, w.factor).begin(), 0.0);
    const SampleSum a = Center(x, &c, Product(g, w.factor), jobs, &scratch->x);
    const SampleSum b =
        Center(delta, &g, Product(c, w.factor), jobs, &scratch->delta);
    const GramSum gram = SumOfGrams(scratch->x, scratch->delta, w.factor, jobs);
    sums.m2 = gram.total + fan_out * SumOfSquares(a.sum) +
              fan_in * SumOfSquares(b.sum);
    const double rounding =
        kGramRounding * std::numeric_limits<T>::epsilon() * gram.magnitude;
    if (rounding <= kGramTolerance * sums.m2) {
      // Only whether it is zero matters.
      sums.abs_sum = sums.m2 + std::abs(sums.mean);
      moments->Add(sums, w.common);
      return;
    }
  }
  AddFormed(x, delta, w, jobs, scratch, moments);
}

template <typename T>
void VisitWeightGradient(const MeasuredBatch<T>& x,
                         const MeasuredBatch<T>& delta, Jobs jobs,
                         GradientScratch<T>* scratch,
                         const GradientVisitor<T>& visit) {
  VisitFormed(x, delta, WeighSamples(x, delta), jobs, scratch, visit);
}

template <typename T>
void FormWeightGradient(const MeasuredBatch<T>& x,
                        const MeasuredBatch<T>& delta, ScaledMatrix<T>* out) {
  out->Resize(x.units(), delta.units());
  GradientScratch<T> scratch;
  VisitWeightGradient<T>(
      x, delta, 1, &scratch,
      [&](size_t row, MatrixView<T> strip, int64_t exponent) {
        std::copy_n(strip.data(), strip.size(), out->mantissa.row(row));
        out->exponent.assign(out->rows(), exponent);
      });
}

double WeightGradientFlops(double batch, double fan_in, double fan_out) {
  return std::min(2 * batch * fan_in * fan_out,
                  batch * batch * (fan_in + fan_out));
}

#define INITSCOPE_INSTANTIATE(T)                                  \
  template void AddWeightGradient(const MeasuredBatch<T>&,        \
                                  const MeasuredBatch<T>&, Jobs,  \
                                  GradientScratch<T>*, Moments*); \
  template void VisitWeightGradient(                              \
      const MeasuredBatch<T>&, const MeasuredBatch<T>&, Jobs,     \
      GradientScratch<T>*, const GradientVisitor<T>&);            \
  template void FormWeightGradient(const MeasuredBatch<T>&,       \
                                   const MeasuredBatch<T>&, ScaledMatrix<T>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
