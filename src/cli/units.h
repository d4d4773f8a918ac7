// Quantities for a human's eye.
#pragma once

#include <string>

#include "base/machine.h"

namespace initscope {

std::string BytesText(double bytes);              // "3.2 GiB"
std::string LimitText(const MemoryLimit& limit);  // "this machine has 3.2 GiB"
std::string SecondsText(double seconds);  // "0.05 s", "12 s", "1:02:03 h"

}  // namespace initscope
