#include "io/jacobian_columns.h"

#include <algorithm>

#include "engine/jacobian.h"

namespace initscope {
namespace {

size_t Rows(const RunResult& result) {
  size_t rows = 0;
  for (const JacobianSpectrum& spectrum : result.jacobian) {
    rows += spectrum.values.size();
  }
  return rows;
}

}  // namespace

std::vector<Column> JacobianRunColumns(const std::vector<RunSpec>& runs,
                                       const std::vector<RunResult>& results) {
  if (std::all_of(results.begin(), results.end(),
                  [](const RunResult& r) { return Rows(r) == 0; })) {
    return {};
  }
  std::vector<int64_t> samples;
  for (const RunSpec& run : runs) {
    samples.push_back(static_cast<int64_t>(run.jacobian_samples));
  }
  std::vector<double> second, log_second, largest, log_largest, variance;
  for (const RunResult& result : results) {
    const JacobianSummary summary = Summarize(result.jacobian);
    second.push_back(summary.second_moment.ToDouble());
    log_second.push_back(summary.second_moment.Log10());
    largest.push_back(summary.largest.ToDouble());
    log_largest.push_back(summary.largest.Log10());
    variance.push_back(summary.squared_variance);
  }
  const std::string mean = "mean over samples of ";
  return {{"jacobian_samples",
           "samples of the first batch whose Jacobian J = ∂Z_L/∂X_0 was taken",
           "",
           std::move(samples),
           {},
           true},
          {"jacobian_second_moment",
           "mean over samples of the second moment of the singular values of J",
           mean + "Σ s_k²/n, n = min(d, c)", std::move(second)},
          {"log10_jacobian_second_moment",
           "log10 of the mean over samples of the second moment of the "
           "singular values of J",
           "log10(" + mean + "Σ s_k²/n)", std::move(log_second)},
          {"jacobian_largest",
           "mean over samples of the largest singular value of J",
           mean + "max s_k", std::move(largest)},
          {"log10_jacobian_largest",
           "log10 of the mean over samples of the largest singular value of J",
           "log10(" + mean + "max s_k)", std::move(log_largest)},
          {"jacobian_squared_variance",
           "mean over samples of the variance of the squared singular values "
           "of J at unit mean",
           mean + "Σ (s_k²/m - 1)²/n, m = Σ s_k²/n", std::move(variance)}};
}

std::vector<Column> JacobianColumns(const std::vector<RunSpec>& runs,
                                    const std::vector<RunResult>& results,
                                    const std::vector<std::string>& swept) {
  std::vector<int64_t> run_index, sample, index;
  std::vector<double> value, log_value;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::vector<JacobianSpectrum>& spectra = results[i].jacobian;
    for (size_t j = 0; j < spectra.size(); ++j) {
      for (size_t k = 0; k < spectra[j].values.size(); ++k) {
        const ScaledDouble s = {spectra[j].values[k], spectra[j].exponent};
        run_index.push_back(static_cast<int64_t>(i));
        sample.push_back(static_cast<int64_t>(j));
        index.push_back(static_cast<int64_t>(k));
        value.push_back(s.ToDouble());
        log_value.push_back(s.Log10());
      }
    }
  }
  std::vector<Column> columns;
  columns.push_back(
      {"run_index", "row of /runs, from 0", "", std::move(run_index)});
  columns.push_back({"sample", "row of the batch", "", std::move(sample)});
  columns.push_back({"index", "0 for the largest of J", "", std::move(index)});
  columns.push_back(
      {"singular_value",
       "of J = ∂Z_L/∂X_0 = W_0 D_1 W_1 … W_(L-1), D_l = diag f'(Z_l); no "
       "digits below about 1e-16 of the largest",
       "", std::move(value)});
  columns.push_back({"log10_singular_value", "log10 of the singular value", "",
                     std::move(log_value)});
  AppendKeys(
      runs, swept, [&](size_t i) { return Rows(results[i]); }, &columns);
  return columns;
}

}  // namespace initscope
