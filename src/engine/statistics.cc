#include "engine/statistics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace initscope {

namespace {

template <typename T>
uint64_t CountZeros(const PackedBatch<T>& x) {
  std::vector<T> row(x.units());
  uint64_t zeros = 0;
  for (size_t i = 0; i < x.samples(); ++i) {
    CopySample(x, i, row.data());
    zeros += initscope::CountZeros(row.data(), row.size());
  }
  return zeros;
}

// db is a sum over samples, in units of the largest exponent.
template <typename T>
SampleSum BeginBiasGradient(const PackedBatch<T>& d, int64_t common) {
  SampleSum sum;
  for (int64_t e : d.exponent) {
    sum.factor.push_back(PowerOfTwo(std::min(e, common) - common));
  }
  return sum;
}

void SetBiasGradient(const SampleSum& sum, int64_t common,
                     ScaledMatrix<double>* db) {
  db->Resize(1, sum.sum.size());
  std::ranges::copy(sum.sum, db->mantissa.row(0));
  db->exponent[0] = common;
}

}  // namespace

const double RowStatistics::kAbsent = std::numeric_limits<double>::quiet_NaN();

template <typename T>
void ForwardStatistics::Add(const ForwardLayer<T>& layer, Jobs jobs) {
  const MeasuredBatch<T>& z = *layer.z;
  pre_activation.Add(z.rows, z.exponent);
  SampleSum cosine = PairCosine::Begin(z, z.rows);
  SampleSum variance = SampleVariance::Begin(z, z.rows);
  SumOverSamples<T>(z, jobs, {{&cosine, &variance}});
  pre_activation_cosine.End(cosine);
  pre_activation_sample_variance.End(z, z.rows, std::move(variance));
  if (layer.activation == nullptr) {  // X_L = Z_L, without a slope
    activation.Add(z.rows, z.exponent);
    activations += z.samples() * z.units();
    zeros += CountZeros(z);
    return;
  }
  activation.Add(layer.next->rows, layer.next->exponent);
  slope.Add(layer.slope_rows, layer.slope->exponent);
  activations += z.samples() * z.units();
  slopes += z.samples() * z.units();
  zeros += std::accumulate(layer.zeros.begin(), layer.zeros.end(), uint64_t{0});
  saturated += std::accumulate(layer.saturated.begin(), layer.saturated.end(),
                               uint64_t{0});
  // Only an exact zero is dead, not a slope that underflows.
  alive.resize(z.units(), layer.HasExactZeros() ? 0 : 1);
  if (!layer.HasExactZeros()) return;
  for (size_t p = 0; p < z.panels(); ++p) {
    for (size_t j = 0; j < z.units(); ++j) alive[j] |= layer.alive(p, j);
  }
}

template <typename T>
void ForwardStatistics::AddInput(const MeasuredBatch<T>& x) {
  activation.Add(x.rows, x.exponent);
  activations += x.samples() * x.units();
  zeros += CountZeros(x);
}

ForwardStatistics ForwardStatistics::ScaledBy(ScaledDouble factor) const {
  ForwardStatistics out = *this;
  out.pre_activation = pre_activation.ScaledBy(factor);
  out.activation = activation.ScaledBy(factor);
  out.pre_activation_sample_variance =
      pre_activation_sample_variance.ScaledBy(factor);
  return out;
}

template <typename T>
void BackwardStatistics::AddDelta(const MeasuredBatch<T>& d, Jobs jobs,
                                  ScaledMatrix<double>* db) {
  delta.Add(d.rows, d.exponent);
  SampleSum cosine = PairCosine::Begin(d, d.rows);
  const int64_t common = CommonExponent(d.rows, d.exponent);
  SampleSum sum = BeginBiasGradient(d, common);
  SumOverSamples<T>(d, jobs, {{&cosine, &sum}});
  delta_cosine.End(cosine);
  SetBiasGradient(sum, common, db);
}

template <typename T>
void SumBiasGradient(const MeasuredBatch<T>& d, Jobs jobs,
                     ScaledMatrix<double>* db) {
  const int64_t common = CommonExponent(d.rows, d.exponent);
  SampleSum sum = BeginBiasGradient(d, common);
  SumOverSamples<T>(d, jobs, {{&sum}});
  SetBiasGradient(sum, common, db);
}

BackwardStatistics BackwardStatistics::ScaledBy(ScaledDouble factor,
                                                ScaledDouble x_factor) const {
  BackwardStatistics out = *this;
  out.delta = delta.ScaledBy(factor);
  out.bias_gradient = bias_gradient.ScaledBy(factor);
  out.weight_gradient = weight_gradient.ScaledBy(factor).ScaledBy(x_factor);
  return out;
}

void RowStatistics::SetWeights(const Moments& unit, double scale) {
  int exponent = 0;
  const double s = std::frexp(scale, &exponent);
  const auto scaled = [&](ScaledDouble value, int power) {
    return ScaledDouble{value.value * std::pow(s, power),
                        value.exponent + power * int64_t{exponent}};
  };
  weight_mean = scaled(unit.Mean(), 1);
  weight_variance = scaled(unit.Variance(), 2);
  weight_second_moment = scaled(unit.SecondMoment(), 2);
}

#define INITSCOPE_INSTANTIATE(T)                                            \
  template void ForwardStatistics::Add(const ForwardLayer<T>&, Jobs);       \
  template void ForwardStatistics::AddInput(const MeasuredBatch<T>&);       \
  template void BackwardStatistics::AddDelta(const MeasuredBatch<T>&, Jobs, \
                                             ScaledMatrix<double>*);        \
  template void SumBiasGradient(const MeasuredBatch<T>&, Jobs,              \
                                ScaledMatrix<double>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

namespace {

using Row = RowStatistics;

ScaledDouble Fraction(uint64_t part, uint64_t whole) {
  return {static_cast<double>(part) / static_cast<double>(whole), 0};
}

ScaledDouble Count(const Moments& moments) {
  if (moments.count() + moments.non_finite() == 0) {
    return {std::numeric_limits<double>::quiet_NaN(), 0};
  }
  return {static_cast<double>(moments.non_finite()), 0};
}

struct Definition {
  const char* name;
  const char* long_name;
  const char* formula;
  ScaledDouble (*get)(const Row& row);
  bool with_log10 = false;
};

// N is the number of entries over all batches; each has batch × width entries
// of Z, X and delta, fan_in × fan_out of dW, and fan_out of db.
constexpr Definition kDefinitions[] = {
    {"pre_activation_mean", "mean of the pre-activations Z_l", "Σ z_ij/N",
     [](const Row& r) { return r.pre_activation.Mean(); }},
    {"pre_activation_variance", "variance of the pre-activations Z_l",
     "Σ (z_ij - mean)²/N",
     [](const Row& r) { return r.pre_activation.Variance(); }, true},
    {"pre_activation_second_moment",
     "second moment of the pre-activations Z_l, the q of the mean-field papers",
     "Σ z_ij²/N", [](const Row& r) { return r.pre_activation.SecondMoment(); },
     true},
    {"pre_activation_abs_mean", "mean magnitude of the pre-activations Z_l",
     "Σ |z_ij|/N", [](const Row& r) { return r.pre_activation.AbsMean(); }},
    {"pre_activation_kurtosis",
     "kurtosis of the pre-activations Z_l (3 if normal)",
     "N Σ (z_ij - mean)⁴/(Σ (z_ij - mean)²)²",
     [](const Row& r) {
       return ScaledDouble{r.pre_activation.Kurtosis(), 0};
     }},
    {"activation_mean", "mean of the activations X_l", "Σ x_ij/N",
     [](const Row& r) { return r.activation.Mean(); }},
    {"activation_variance", "variance of the activations X_l",
     "Σ (x_ij - mean)²/N", [](const Row& r) { return r.activation.Variance(); },
     true},
    {"activation_second_moment", "second moment of the activations X_l",
     "Σ x_ij²/N", [](const Row& r) { return r.activation.SecondMoment(); },
     true},
    {"activation_abs_mean", "mean magnitude of the activations X_l",
     "Σ |x_ij|/N", [](const Row& r) { return r.activation.AbsMean(); }},
    {"activation_min", "least activation X_l", "min x_ij",
     [](const Row& r) { return r.activation.Min(); }},
    {"activation_max", "largest activation X_l", "max x_ij",
     [](const Row& r) { return r.activation.Max(); }},
    {"slope_mean", "mean of the slopes f'(Z_l)", "Σ f'(z_ij)/N",
     [](const Row& r) { return r.slope.Mean(); }},
    {"slope_second_moment",
     "second moment of the slopes f'(Z_l); times fan_in·Var(w) the measured χ₁",
     "Σ f'(z_ij)²/N", [](const Row& r) { return r.slope.SecondMoment(); },
     true},
    {"saturated_fraction", "fraction of saturated units",
     "#{|f'(z_ij)| < 0.01 max|f'|}/N",
     [](const Row& r) { return Fraction(r.saturated, r.slopes); }},
    {"zero_fraction",
     "fraction of activations that are zero in the run's precision",
     "#{x_ij = 0}/N",
     [](const Row& r) { return Fraction(r.zeros, r.activations); }},
    {"dead_unit_fraction", "fraction of units with f' = 0 for every sample",
     "#{j: f'(z_ij) = 0 for all i}/width",
     [](const Row& r) {
       return Fraction(
           static_cast<uint64_t>(std::ranges::count(r.alive, uint8_t{0})),
           r.alive.size());
     }},
    {"pre_activation_cosine",
     "mean cosine between the pre-activations of two samples of a batch",
     "mean over i<k of z_i·z_k/(|z_i||z_k|)",
     [](const Row& r) {
       return ScaledDouble{1 - r.pre_activation_cosine.OneMinusCosine(), 0};
     }},
    {"log10_one_minus_cosine",
     "log10 of one minus the mean cosine between pre-activations",
     "log10(Σ|u_i - ū|²/(m-1)), u_i = z_i/|z_i|",
     [](const Row& r) {
       return ScaledDouble{std::log10(r.pre_activation_cosine.OneMinusCosine()),
                           0};
     }},
    {"pre_activation_unit_variance",
     "variance of the pre-activations across units, mean over samples",
     "mean over i of Σ_j (z_ij - mean_j z_ij)²/width",
     [](const Row& r) { return r.pre_activation.MeanRowVariance(); }, true},
    {"pre_activation_sample_variance",
     "variance of the pre-activations across samples, mean over units",
     "mean over j of Σ_i (z_ij - mean_i z_ij)²/samples",
     [](const Row& r) {
       return r.pre_activation_sample_variance.MeanOverUnits();
     },
     true},
    {"delta_mean", "mean of the gradients delta_l = ∂loss/∂Z_l", "Σ δ_ij/N",
     [](const Row& r) { return r.delta.Mean(); }},
    {"delta_variance", "variance of the gradients delta_l",
     "Σ (δ_ij - mean)²/N", [](const Row& r) { return r.delta.Variance(); },
     true},
    {"delta_second_moment", "second moment of the gradients delta_l",
     "Σ δ_ij²/N", [](const Row& r) { return r.delta.SecondMoment(); }, true},
    {"delta_abs_mean", "mean magnitude of the gradients delta_l", "Σ |δ_ij|/N",
     [](const Row& r) { return r.delta.AbsMean(); }},
    {"delta_unit_variance",
     "variance of the gradients delta_l across units, mean over samples",
     "mean over i of Σ_j (δ_ij - mean_j δ_ij)²/width",
     [](const Row& r) { return r.delta.MeanRowVariance(); }, true},
    {"delta_cosine",
     "mean cosine between the gradients delta_l of two samples of a batch",
     "mean over i<k of δ_i·δ_k/(|δ_i||δ_k|)",
     [](const Row& r) {
       return ScaledDouble{1 - r.delta_cosine.OneMinusCosine(), 0};
     }},
    {"weight_gradient_mean", "mean of the weight gradient dW_(l-1)",
     "Σ dw_ij/N", [](const Row& r) { return r.weight_gradient.Mean(); }},
    {"weight_gradient_variance", "variance of the weight gradient dW_(l-1)",
     "Σ (dw_ij - mean)²/N",
     [](const Row& r) { return r.weight_gradient.Variance(); }, true},
    {"weight_gradient_second_moment",
     "second moment of the weight gradient dW_(l-1)", "Σ dw_ij²/N",
     [](const Row& r) { return r.weight_gradient.SecondMoment(); }, true},
    {"bias_gradient_mean", "mean of the bias gradient db_(l-1)", "Σ db_j/N",
     [](const Row& r) { return r.bias_gradient.Mean(); }},
    {"bias_gradient_variance", "variance of the bias gradient db_(l-1)",
     "Σ (db_j - mean)²/N",
     [](const Row& r) { return r.bias_gradient.Variance(); }, true},
    {"bias_gradient_second_moment",
     "second moment of the bias gradient db_(l-1)", "Σ db_j²/N",
     [](const Row& r) { return r.bias_gradient.SecondMoment(); }, true},
    {"weight_mean", "mean of the weights W_(l-1)", "Σ w_ij/(fan_in fan_out)",
     [](const Row& r) { return r.weight_mean; }},
    {"weight_variance", "variance of the weights W_(l-1)",
     "Σ (w_ij - mean)²/(fan_in fan_out)",
     [](const Row& r) { return r.weight_variance; }, true},
    {"weight_second_moment", "second moment of the weights W_(l-1)",
     "Σ w_ij²/(fan_in fan_out)",
     [](const Row& r) { return r.weight_second_moment; }, true},
    {"pre_activation_non_finite",
     "pre-activations that are NaN or infinite (left out of the moments)",
     "#{z_ij not finite}",
     [](const Row& r) { return Count(r.pre_activation); }},
    {"delta_non_finite",
     "gradients delta_l that are NaN or infinite (left out of the moments)",
     "#{δ_ij not finite}", [](const Row& r) { return Count(r.delta); }},
};

std::vector<StatisticColumn> MakeColumns() {
  std::vector<StatisticColumn> columns;
  for (const Definition& d : kDefinitions) {
    columns.push_back({d.name, d.long_name, d.formula, d.get, false});
    if (d.with_log10) {
      columns.push_back({"log10_" + columns.back().name,
                         "log10 of the " + columns.back().long_name,
                         "log10(" + columns.back().formula + ")", d.get, true});
    }
  }
  return columns;
}

}  // namespace

void AddRow(const RowStatistics& row, size_t layer, RunResult* result) {
  for (const StatisticColumn& column : StatisticColumns()) {
    result->statistics.push_back(column.Value(row));
  }
  if (result->first_non_finite_layer < 0 &&
      row.pre_activation.non_finite() + row.delta.non_finite() > 0) {
    result->first_non_finite_layer = static_cast<int64_t>(layer);
  }
}

std::span<const StatisticColumn> StatisticColumns() {
  static const std::vector<StatisticColumn> columns = MakeColumns();
  return columns;
}

}  // namespace initscope
