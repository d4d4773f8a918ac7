// Φ⁻¹, the quantile function of the standard normal distribution.
//
// Source: Wichura, "Algorithm AS 241: the percentage points of the normal
// distribution", Applied Statistics 37 (1988), routine PPND16: three rational
// functions, relative error about 1e-16 in exact arithmetic. In double, over
// the arguments (w + ½)·2⁻³² that variates use, the error against a 40-digit
// reference is below 4 ulp (tested).
#pragma once

namespace initscope {

// REQUIRES: 0 < p < 1.
double NormalQuantile(double p);

}  // namespace initscope
