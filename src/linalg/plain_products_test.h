// Products as plain loops, and the shapes to try, for tests only.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "base/matchers_test.h"
#include "linalg/batches_test.h"

namespace initscope {

// Of many indices every fifth, which meets every lane, row of a tile and
// place in a block, and both ends.
inline std::vector<size_t> Sampled(size_t n) {
  std::vector<size_t> indices;
  for (size_t i = 0; i < n; ++i) {
    if (n <= 40 || i % 5 == 0 || i + 13 > n) indices.push_back(i);
  }
  return indices;
}

// Σ_l a(l)·b(l), l < k, within the header's bound, k·eps·Σ|a||b|; underflow
// does not occur.
template <typename T>
void ExpectDot(double found, size_t k, const auto& a, const auto& b) {
  double sum = 0, magnitude = 0;
  for (size_t l = 0; l < k; ++l) {
    const double term = double{a(l)} * b(l);
    sum += term;
    magnitude += std::abs(term);
  }
  ASSERT_THAT(found,
              IsNear(sum, static_cast<double>(k) *
                              std::numeric_limits<T>::epsilon() * magnitude));
}

// The shapes: each size once in each dimension, with others of its kind.
struct Shape {
  size_t samples, fan_in, fan_out;
};
inline std::vector<Shape> Shapes() {
  std::vector<Shape> shapes;
  const size_t count = std::size(kTestSizes);
  for (size_t i = 0; i < count; ++i) {
    shapes.push_back({kTestSizes[i], kTestSizes[(i + 3) % count],
                      kTestSizes[(i + 7) % count]});
    shapes.push_back({kTestSizes[(i + 5) % count], kTestSizes[i],
                      kTestSizes[(i + 1) % count]});
    shapes.push_back({17, kTestSizes[i], kTestSizes[i]});
  }
  return shapes;
}

inline std::string ToText(const Shape& shape) {
  return std::to_string(shape.samples) + " samples, " +
         std::to_string(shape.fan_in) + " x " + std::to_string(shape.fan_out);
}

}  // namespace initscope
