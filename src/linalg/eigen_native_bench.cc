// Eigen's product compiled for the machine that builds it. A library of its
// own: the same templates are compiled with other flags elsewhere, and a
// linker keeps only one copy of each.

#include <Eigen/Core>
#include <cstddef>

#define INITSCOPE_EXPORT extern "C" __attribute__((visibility("default")))

INITSCOPE_EXPORT const char* EigenNativeCode() {
  return Eigen::SimdInstructionSetsInUse();
}

// out = a b.  a: m × k, b: k × n, out: m × n, row-major.
INITSCOPE_EXPORT void EigenNativeMultiply(const float* a, const float* b,
                                          float* out, size_t m, size_t k,
                                          size_t n) {
  using Rows =
      Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  using Eigen::Index;
  const Eigen::Map<const Rows> left(a, static_cast<Index>(m),
                                    static_cast<Index>(k));
  const Eigen::Map<const Rows> right(b, static_cast<Index>(k),
                                     static_cast<Index>(n));
  Eigen::Map<Rows>(out, static_cast<Index>(m), static_cast<Index>(n))
      .noalias() = left * right;
}
