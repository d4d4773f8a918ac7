#include "cli/units.h"

#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <iterator>

namespace initscope {

std::string BytesText(double bytes) {
  static constexpr const char* kUnits[] = {"B",   "KiB", "MiB", "GiB",
                                           "TiB", "PiB", "EiB"};
  size_t unit = 0;
  while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
    bytes /= 1024;
    ++unit;
  }
  return fmt::format("{:.3g} {}", bytes, kUnits[unit]);
}

std::string LimitText(const MemoryLimit& limit) {
  return fmt::format("{} {}", limit.source, BytesText(limit.bytes));
}

std::string SecondsText(double seconds) {
  if (seconds < 0.1) return fmt::format("{:.2g} s", seconds);
  if (seconds < 99.95) return fmt::format("{:.3g} s", seconds);
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02} min", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02} h", whole / 3600, whole / 60 % 60,
                     whole % 60);
}

std::string PowerText(double log10) {
  if (std::isnan(log10)) return "-";
  if (std::isinf(log10)) return log10 < 0 ? "0 (exact)" : "inf";
  if (std::abs(log10) < 300) return fmt::format("{:.3g}", std::pow(10, log10));
  return fmt::format("10^{:.1f}", log10);
}

}  // namespace initscope
