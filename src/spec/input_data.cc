#include "spec/input_data.h"

#include <cmath>

#include "spec/entry_scale.h"

namespace initscope {

InputSummary Summarize(const InputData& data) {
  const EntryMeasure measure = MeasureEntries(
      data.samples, data.width,
      [&](size_t i, size_t j) { return data.Value(i * data.width + j); });
  return {measure.mean / measure.scale,
          std::sqrt(measure.variance) / measure.scale};
}

std::map<int32_t, size_t> CountLabels(const InputData& data) {
  std::map<int32_t, size_t> counts;
  for (const int32_t label : data.labels) ++counts[label];
  return counts;
}

}  // namespace initscope
