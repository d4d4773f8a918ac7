// Quantities as people read them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/machine.h"

namespace initscope {

std::string BytesText(double bytes);  // "3.2 GiB"
// The bytes of "3.2 GiB", "3.2G" or "100"; nothing for other texts.
std::optional<double> ParseBytes(std::string_view text);
std::string LimitText(const MemoryLimit& limit);  // "this machine has 3.2 GiB"
std::string SecondsText(double seconds);  // "0.05 s", "12 s", "1:02:03 h"

// 10^log10 where a double holds it, else "10^-1253.4"; "0 (exact)" for −∞, "-"
// for NaN.
std::string PowerText(double log10);

}  // namespace initscope
