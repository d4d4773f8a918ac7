// The probabilists' Hermite polynomials, normalized: E h_j(t) h_k(t) = [j = k]
// for t ~ N(0, 1).
#pragma once

#include <cmath>
#include <cstddef>

namespace initscope {

// √(k + 1) h_{k+1} = t h_k − √k h_{k−1}, h_0 = 1, divided by √(k + 1):
// h_{k+1} = of_t[k]·t·h_k − of_before[k]·h_{k−1}.
template <size_t terms>
struct HermiteRecurrence {
  HermiteRecurrence() {
    for (size_t k = 0; k < terms; ++k) {
      const auto order = static_cast<double>(k);
      of_t[k] = 1 / std::sqrt(order + 1);
      of_before[k] = std::sqrt(order / (order + 1));
    }
  }
  double of_t[terms], of_before[terms];
};

}  // namespace initscope
