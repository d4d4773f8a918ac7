// The samples from which runs take their batches: a data set or some of its
// classes, standardized. Immutable, so runs and threads may share it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "spec/input_data.h"

namespace initscope {

enum class Standardize { kNone, kFeatures, kGlobal };

// The names of the values above, in their order.
inline constexpr std::string_view kStandardizeNames[] = {"none", "features",
                                                         "global"};

class SampleSet {
 public:
  // Keeps the samples whose label is in `classes` (all if that is empty),
  // renumbers their labels in the order of `classes`, and keeps only the first
  // `most` of them (0: all). Means and standard deviations (divisor: samples)
  // are those of the samples kept, in double; a feature without variance
  // becomes 0. REQUIRES: at least one sample is kept.
  SampleSet(std::shared_ptr<const InputData> data,
            const std::vector<int32_t>& classes, size_t most,
            Standardize standardize);

  const InputData& data() const { return *data_; }
  size_t samples() const { return kept_.size(); }
  size_t width() const { return data_->width; }
  // The number of classes; 0 without labels.
  size_t classes() const { return classes_; }

  // The standardized entries of a sample: width() doubles.
  void CopySample(size_t sample, double* out) const;
  // REQUIRES: classes() > 0.
  size_t Label(size_t sample) const { return labels_[sample]; }

  // A permutation of the samples, sorted by 64 random bits each from
  // `data_seed`. Runs without training use that of epoch 0.
  std::vector<uint32_t> Order(uint64_t data_seed, uint32_t epoch = 0) const;

 private:
  double Raw(size_t sample, size_t feature) const;
  void MeasureFeatures();
  void MeasureGlobally();

  std::shared_ptr<const InputData> data_;
  std::vector<uint32_t> kept_;  // rows of *data_
  std::vector<size_t> labels_;  // of the samples kept
  size_t classes_ = 0;
  // Per feature, for entries times scale_; empty for kNone.
  std::vector<double> scale_, mean_, inverse_std_;
};

}  // namespace initscope
