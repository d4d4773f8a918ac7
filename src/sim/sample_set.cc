#include "sim/sample_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "random/philox.h"
#include "random/variates.h"
#include "stats/moments.h"

namespace initscope {
namespace {

double InverseStd(double variance) {
  return variance > 0 ? 1 / std::sqrt(variance) : 0.0;
}

}  // namespace

SampleSet::SampleSet(std::shared_ptr<const InputData> data,
                     const std::vector<int32_t>& classes, size_t most,
                     Standardize standardize)
    : data_(std::move(data)) {
  const std::vector<int32_t>& labels = data_->labels;
  for (size_t i = 0; i < data_->samples; ++i) {
    if (classes.empty()) {
      kept_.push_back(static_cast<uint32_t>(i));
      if (!labels.empty()) labels_.push_back(static_cast<size_t>(labels[i]));
      continue;
    }
    const auto it = std::find(classes.begin(), classes.end(), labels[i]);
    if (it == classes.end()) continue;
    kept_.push_back(static_cast<uint32_t>(i));
    labels_.push_back(static_cast<size_t>(it - classes.begin()));
  }
  INITSCOPE_CHECK(!kept_.empty());
  if (!classes.empty()) {
    classes_ = classes.size();
  } else if (!labels.empty()) {
    classes_ = 1 + *std::max_element(labels_.begin(), labels_.end());
  }
  if (most > 0 && most < kept_.size()) {
    kept_.resize(most);
    if (!labels_.empty()) labels_.resize(most);
  }
  if (standardize == Standardize::kFeatures) MeasureFeatures();
  if (standardize == Standardize::kGlobal) MeasureGlobally();
}

double SampleSet::Raw(size_t sample, size_t feature) const {
  return data_->Value(kept_[sample] * data_->width + feature);
}

void SampleSet::MeasureFeatures() {
  const size_t n = width();
  const double count = static_cast<double>(samples());
  // About the first sample, so that a constant feature has variance 0 exactly.
  std::vector<double> sum(n, 0.0), squares(n, 0.0), origin(n);
  for (size_t j = 0; j < n; ++j) origin[j] = Raw(0, j);
  for (size_t i = 0; i < samples(); ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double d = Raw(i, j) - origin[j];
      sum[j] += d;
      squares[j] += d * d;
    }
  }
  mean_.resize(n);
  inverse_std_.resize(n);
  for (size_t j = 0; j < n; ++j) {
    const double shift = sum[j] / count;
    mean_[j] = origin[j] + shift;
    inverse_std_[j] = InverseStd(squares[j] / count - shift * shift);
  }
}

void SampleSet::MeasureGlobally() {
  Moments moments;
  std::vector<double> row(width());
  for (size_t i = 0; i < samples(); ++i) {
    for (size_t j = 0; j < width(); ++j) row[j] = Raw(i, j);
    moments.Add(ComputeRowMoments(row.data(), row.size()), 0);
  }
  mean_.assign(width(), moments.Mean().ToDouble());
  inverse_std_.assign(width(), InverseStd(moments.Variance().ToDouble()));
}

void SampleSet::CopySample(size_t sample, double* out) const {
  for (size_t j = 0; j < width(); ++j) {
    out[j] = Raw(sample, j);
    if (!mean_.empty()) out[j] = (out[j] - mean_[j]) * inverse_std_[j];
  }
}

std::vector<uint32_t> SampleSet::Order(uint64_t data_seed,
                                       uint32_t epoch) const {
  const Stream stream =
      epoch == 0 ? Stream::kSampleOrder : Stream::kMinibatches;
  std::vector<uint64_t> bits(samples());
  for (size_t i = 0; i < samples(); ++i) {
    const PhiloxBlock block = Philox4x32(
        {0, static_cast<uint32_t>(i), epoch, static_cast<uint32_t>(stream)},
        data_seed);
    bits[i] = uint64_t{block[0]} << 32 | block[1];
  }
  std::vector<uint32_t> order(samples());
  std::iota(order.begin(), order.end(), 0u);
  std::sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) {
    return bits[a] != bits[b] ? bits[a] < bits[b] : a < b;
  });
  return order;
}

}  // namespace initscope
