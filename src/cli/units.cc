#include "cli/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

#include "base/number_text.h"

namespace initscope {

namespace {

constexpr const char* kUnits[] = {"B",   "KiB", "MiB", "GiB",
                                  "TiB", "PiB", "EiB"};

}  // namespace

std::optional<double> ParseBytes(std::string_view text) {
  const size_t digits =
      std::min(text.find_first_not_of("0123456789."), text.size());
  const auto number = ParseNumber<double>(text.substr(0, digits));
  if (!number || !(*number > 0) || std::isinf(*number)) return std::nullopt;
  const std::string unit = Lower(std::string(Trim(text.substr(digits))));
  double factor = 1;
  for (const char* const name : kUnits) {
    const std::string full = Lower(name);
    const std::string letter = full.substr(0, 1);
    if (unit.empty() || unit == full || unit == letter ||
        unit == letter + "b") {
      return *number * factor;
    }
    factor *= 1024;
  }
  return std::nullopt;
}

std::string BytesText(double bytes) {
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
