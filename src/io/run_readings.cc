#include "io/run_readings.h"

#include <limits>
#include <string>

namespace initscope {
namespace {

constexpr double kFloat = std::numeric_limits<float>::epsilon() / 2;
constexpr double kDouble = std::numeric_limits<double>::epsilon() / 2;

}  // namespace

RunReadingsColumns::RunReadingsColumns(const ResultsReader& file,
                                       const std::vector<KeyColumn>& keys)
    : seed_(file.Wholes("/runs/seed")), unit_roundoff_(seed_.size(), kFloat) {
  const size_t rows = file.Wholes("/layers/layer").size();
  const auto read = [&](const std::string& name) {
    const std::string path = "/layers/" + name;
    return file.Has(path) ? file.Numbers(path)
                          : std::vector<double>(
                                rows, std::numeric_limits<double>::quiet_NaN());
  };
  for (size_t q = 0; q < kComparedCount; ++q) {
    const std::string name(kComparedQuantities[q].column);
    curves_.curves[q] = {read(name), read("theory_" + name),
                         read("theory_" + name + "_std")};
  }
  for (const KeyColumn& key : keys) {
    if (key.name != "precision") continue;
    for (size_t run = 0; run < seed_.size(); ++run) {
      if (key.texts[key.codes[run]] == "float64") unit_roundoff_[run] = kDouble;
    }
  }
  fan_in_ = read("fan_in");
  fan_out_ = read("fan_out");
  saturated_ = read("saturated_fraction");
  dead_ = read("dead_unit_fraction");
  log10_weight_ = read("log10_weight_second_moment");
  log10_unit_variance_ = read("log10_pre_activation_unit_variance");
  log10_one_minus_cosine_ = read("log10_one_minus_cosine");
  delta_abs_mean_ = read("delta_abs_mean");
  bad_forward_ = read("pre_activation_non_finite");
  bad_backward_ = read("delta_non_finite");
}

RunReadings RunReadingsColumns::Of(size_t begin, size_t end, size_t run) const {
  const auto part = [&](const std::vector<double>& column) {
    return std::vector<double>(column.begin() + static_cast<ptrdiff_t>(begin),
                               column.begin() + static_cast<ptrdiff_t>(end));
  };
  RunReadings found;
  found.seed = seed_[run];
  for (size_t q = 0; q < kComparedCount; ++q) {
    const RunCurve& all = curves_.curves[q];
    found.curves[q] = {part(all.measured), part(all.theory),
                       part(all.theory_std)};
  }
  found.unit_roundoff = unit_roundoff_[run];
  found.width = part(fan_out_);
  if (end > begin + 1) found.width[0] = fan_in_[begin + 1];
  found.saturated = part(saturated_);
  found.dead = part(dead_);
  found.log10_weight = part(log10_weight_);
  found.log10_unit_variance = part(log10_unit_variance_);
  found.log10_one_minus_cosine = part(log10_one_minus_cosine_);
  found.delta_abs_mean = part(delta_abs_mean_);
  for (size_t row = begin; row < end; ++row) {
    found.non_finite |= bad_forward_[row] > 0 || bad_backward_[row] > 0;
  }
  return found;
}

}  // namespace initscope
