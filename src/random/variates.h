// Random variates as a function of their index.
//
// The variate at (seed, stream, layer, row, col) depends on nothing else: not
// on threads, blocks or order. One Philox4x32-10 block gives four columns:
//
//     key     = seed
//     counter = (col div 4, row, layer, stream)
//     word    = word number (col mod 4) of the block
//     u       = (word + ½)·2⁻³²
//
// Variates are defined in double. Float variates approximate the same numbers
// in vector arithmetic, to the ulps that float_variates.h states. There is no
// state and no rejection, so that any part may be drawn at any time.
#pragma once

#include <cstdint>

#include "base/matrix.h"

namespace initscope {

// The values are part of the meaning of a seed: never change or reuse them.
enum class Stream : uint32_t {
  kWeights = 0,
  kBiases = 1,
  kInputs = 2,
  kTargets = 3,  // also drawn labels
  kProbes = 4,
  kSampleOrder = 5,
  kMinibatches = 6,
  kAttention = 7,
};

enum class VariateLaw {
  kNormal,           // N(0,1): Φ⁻¹(u)
  kUniform,          // U(−√3, √3): √3(2u − 1)
  kTruncatedNormal,  // N(0,1) cut at ±2, scaled to variance 1
};

struct VariateSource {
  uint64_t seed = 0;
  Stream stream = Stream::kWeights;
  uint32_t layer = 0;
};

// The standard deviation of N(0,1) cut at ±2, by which Keras and JAX divide,
// too.
inline constexpr double kTruncatedNormalStd = 0.87962566103423978;

// The 32 random bits at an index, and the uniform number in (0, 1) they give.
uint32_t RandomWord(const VariateSource& source, uint32_t row, uint32_t col);
double Uniform01(uint32_t word);

// The variate of a law for a word; mean 0, variance 1.
double VariateFromWord(VariateLaw law, uint32_t word);

// out(i, j) = the variate at (first_row + i, first_col + j), rows modulo 2^32.
// T: float or double. A block has the same bits as in the whole matrix.
// REQUIRES: first_col % 4 == 0, first_col + out.cols() <= 2^32.
template <typename T>
void FillVariates(VariateLaw law, const VariateSource& source,
                  uint32_t first_row, uint32_t first_col, MatrixView<T> out);

}  // namespace initscope
