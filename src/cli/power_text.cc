#include "cli/power_text.h"

#include <fmt/format.h>

#include <cmath>

namespace initscope {

std::string PowerText(double log10) {
  if (std::isnan(log10)) return "-";
  if (std::isinf(log10)) return log10 < 0 ? "0 (exact)" : "inf";
  if (std::abs(log10) < 300) return fmt::format("{:.3g}", std::pow(10, log10));
  return fmt::format("10^{:.1f}", log10);
}

}  // namespace initscope
