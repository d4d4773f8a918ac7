// Φ⁻¹, the quantile function of the standard normal distribution.
//
// Source: Wichura, "Algorithm AS 241: the percentage points of the normal
// distribution", Applied Statistics 37 (1988), routine PPND16: three rational
// functions with a relative error of about 1e-16 in exact arithmetic. In
// double, for the arguments (w + ½)·2⁻³² that variates use, the error is below
// 8 ulp: the largest among 2·10⁸ of them, compared with 40 digits by a test, is
// 7.0 ulp at w = 1330949457.
#pragma once

namespace initscope {

// REQUIRES: 0 < p < 1.
double NormalQuantile(double p);

}  // namespace initscope
