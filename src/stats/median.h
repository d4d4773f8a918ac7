// The median.
#pragma once

#include <vector>

namespace initscope {

// The median of the values that are not NaN; NaN if there are none.
double Median(std::vector<double> values);

}  // namespace initscope
