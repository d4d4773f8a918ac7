// One sample through a loss, for the tests of losses.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "nn/losses.h"

namespace initscope {

inline const Loss& Find(std::string_view name) {
  const auto losses = Losses();
  const auto found =
      std::find_if(losses.begin(), losses.end(),
                   [name](const Loss& loss) { return loss.name == name; });
  INITSCOPE_CHECK(found != losses.end());
  return *found;
}

struct Evaluated {
  LossRow row;
  std::vector<double> delta;  // mantissas; plain where exponent is 0
  int64_t exponent = 0;

  double PlainDelta(size_t j) const {
    return ScaledDouble{delta[j], exponent}.ToDouble();
  }
};

// The loss of logits z · 2^exponent at target y, a sample of a batch of m.
inline Evaluated Evaluate(const Loss& loss, const std::vector<double>& z,
                          const std::vector<double>& y, size_t m = 4,
                          int64_t exponent = 0) {
  Evaluated out;
  out.delta.resize(z.size());
  out.row = loss.row({z.data(), exponent, y.data(), z.size(), m},
                     out.delta.data(), &out.exponent);
  return out;
}

}  // namespace initscope
