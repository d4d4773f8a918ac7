#include "spec/input_summary.h"

#include <cmath>

#include "spec/entry_scale.h"

namespace initscope {

InputSummary Summarize(const InputData& data) {
  const size_t width = data.width;
  const auto value = [&](size_t i, size_t j) {
    return data.Value(i * width + j);
  };
  const EntryMeasure measure = MeasureEntries(data.samples, width, value);
  return {measure.mean / measure.scale,
          std::sqrt(measure.variance) / measure.scale};
}

std::map<int32_t, size_t> CountLabels(const InputData& data) {
  std::map<int32_t, size_t> counts;
  for (const int32_t label : data.labels) ++counts[label];
  return counts;
}

}  // namespace initscope
