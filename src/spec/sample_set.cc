#include "spec/sample_set.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/error.h"
#include "random/philox.h"
#include "random/variates.h"
#include "spec/entry_scale.h"

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
  std::unordered_map<int32_t, size_t> number_of;
  for (size_t c = 0; c < classes.size(); ++c) number_of[classes[c]] = c;
  for (size_t i = 0; i < data_->samples; ++i) {
    if (classes.empty()) {
      kept_.push_back(static_cast<uint32_t>(i));
      if (!labels.empty()) labels_.push_back(static_cast<size_t>(labels[i]));
      continue;
    }
    const auto it = number_of.find(labels[i]);
    if (it == number_of.end()) continue;
    kept_.push_back(static_cast<uint32_t>(i));
    labels_.push_back(it->second);
  }
  INITSCOPE_CHECK(!kept_.empty());
  if (!classes.empty()) {
    classes_ = classes.size();
  } else if (!labels.empty()) {
    classes_ = 1 + *std::ranges::max_element(labels_);
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
  std::vector<double> largest(n, 0.0);
  for (size_t i = 0; i < samples(); ++i)
    for (size_t j = 0; j < n; ++j)
      largest[j] = std::max(largest[j], std::abs(Raw(i, j)));
  // Sums about the first sample, so that a constant feature has variance 0
  // exactly.
  std::vector<double> sum(n, 0.0), squares(n, 0.0), origin(n);
  scale_.resize(n);
  for (size_t j = 0; j < n; ++j) {
    scale_[j] = EntryScale(largest[j]);
    origin[j] = Raw(0, j) * scale_[j];
  }
  for (size_t i = 0; i < samples(); ++i) {
    for (size_t j = 0; j < n; ++j) {
      const double d = Raw(i, j) * scale_[j] - origin[j];
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
  const EntryMeasure measure = MeasureEntries(
      samples(), width(), [&](size_t i, size_t j) { return Raw(i, j); });
  scale_.assign(width(), measure.scale);
  mean_.assign(width(), measure.mean);
  inverse_std_.assign(width(), InverseStd(measure.variance));
}

void SampleSet::CopySample(size_t sample, double* out) const {
  for (size_t j = 0; j < width(); ++j) {
    out[j] = Raw(sample, j);
    if (!mean_.empty())
      out[j] = (out[j] * scale_[j] - mean_[j]) * inverse_std_[j];
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
  std::ranges::sort(order, [&](uint32_t a, uint32_t b) {
    return bits[a] != bits[b] ? bits[a] < bits[b] : a < b;
  });
  return order;
}

}  // namespace initscope
