#pragma once

#include <vector>

namespace initscope {

// The median of what is not NaN; NaN where there is nothing.
double Median(std::vector<double> values);

}  // namespace initscope
