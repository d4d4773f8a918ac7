#include "stats/median.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace initscope {

double Median(std::vector<double> values) {
  std::erase_if(values, [](double v) { return std::isnan(v); });
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::ranges::sort(values);
  const double above = values[values.size() / 2];
  const double below = values[(values.size() - 1) / 2];
  // The mean of two equal infinities would be NaN.
  return below == above ? above : (below + above) / 2;
}

}  // namespace initscope
