// What was read, in a few numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>

#include "spec/input_data.h"
#include "stats/scaled_double.h"

namespace initscope {

struct InputSummary {
  // Of all entries, bytes divided by 255; divisor: their number.
  double mean = 0;
  double standard_deviation = 0;
};

InputSummary Summarize(const InputData& data);

// How many samples each label has.
std::map<int32_t, size_t> CountLabels(const InputData& data);

}  // namespace initscope
