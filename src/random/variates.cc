#include "random/variates.h"

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "random/float_variates.h"
#include "random/normal_quantile.h"
#include "random/philox.h"

namespace initscope {
namespace {

const double kSqrt3 = std::sqrt(3.0);
const double kCutLow = std::erfc(std::sqrt(2.0)) / 2;  // Φ(−2)
const double kCutMass = std::erf(std::sqrt(2.0));      // Φ(2) − Φ(−2)

PhiloxBlock BlockAt(const VariateSource& source, uint32_t row, uint32_t block) {
  return Philox4x32(
      {block, row, source.layer, static_cast<uint32_t>(source.stream)},
      source.seed);
}

}  // namespace

uint32_t RandomWord(const VariateSource& source, uint32_t row, uint32_t col) {
  return BlockAt(source, row, col / 4)[col % 4];
}

double Uniform01(uint32_t word) { return (word + 0.5) * 0x1p-32; }

double VariateFromWord(VariateLaw law, uint32_t word) {
  const double u = Uniform01(word);
  switch (law) {
    case VariateLaw::kNormal:
      return NormalQuantile(u);
    case VariateLaw::kUniform:
      return kSqrt3 * (2 * u - 1);
    case VariateLaw::kTruncatedNormal:
      return NormalQuantile(kCutLow + u * kCutMass) / kTruncatedNormalStd;
  }
  INITSCOPE_CHECK(false && "a law without a formula");
}

template <typename T>
void FillVariates(VariateLaw law, const VariateSource& source,
                  uint32_t first_row, uint32_t first_col, MatrixView<T> out) {
  INITSCOPE_CHECK(first_col % 4 == 0);
  if constexpr (std::is_same_v<T, float>) {
    FillFloatVariates(law, source, first_row, first_col, out);
  } else {
    for (size_t i = 0; i < out.rows(); ++i) {
      T* row = out.row(i);
      for (size_t j = 0; j < out.cols(); j += 4) {
        const PhiloxBlock words =
            BlockAt(source, first_row + static_cast<uint32_t>(i),
                    (first_col + static_cast<uint32_t>(j)) / 4);
        const size_t count = std::min<size_t>(4, out.cols() - j);
        for (size_t k = 0; k < count; ++k) {
          row[j + k] = VariateFromWord(law, words[k]);
        }
      }
    }
  }
}

template void FillVariates(VariateLaw, const VariateSource&, uint32_t, uint32_t,
                           MatrixView<float>);
template void FillVariates(VariateLaw, const VariateSource&, uint32_t, uint32_t,
                           MatrixView<double>);

}  // namespace initscope
