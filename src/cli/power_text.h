// Numbers of any size for a human's eye.
#pragma once

#include <string>

namespace initscope {

// log10 as a power of ten; "0 (exact)" for −∞, "-" for NaN.
std::string PowerText(double log10);

}  // namespace initscope
