// Float32 variates, on vectors; and the random words that they are made of.
//
// These are the laws of variates.h in float arithmetic: one word gives the
// variate that VariateFromWord() defines in double, to within the ulps below.
// For the method see float_laws-inl.h.
//
// Words are the same bits everywhere. Variates are a function of the word
// alone, whatever the block, the row's length or the place in a vector; all
// instruction sets with a fused multiply-add (AVX2, AVX-512, NEON) give the
// same bits; the one without (plain scalar code) rounds oftener.
// The complement of a word gives minus its variate, to the bit. Variates rise
// with the word but for steps back of at most twice the error bound.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/matrix.h"
#include "random/variates.h"

namespace initscope {

// Bounds the error, in ulps of the exact variate, where there is a fused
// multiply-add. A scan of all 2^32 words found 3.65 for the normal, 1.67 for
// the uniform and 3.12 for the truncated law; scalar code 3.86, 2.10 and 3.41.
constexpr double FloatVariateMaxUlp(VariateLaw law) {
  return law == VariateLaw::kUniform ? 2 : 4;
}

// FillVariates() of variates.h for float.
void FillFloatVariates(VariateLaw law, const VariateSource& source,
                       uint32_t first_row, uint32_t first_col,
                       MatrixView<float> out);

// out(i, j) = RandomWord(source, first_row + i, first_col + j).
// REQUIRES: as FillVariates().
void FillWords(const VariateSource& source, uint32_t first_row,
               uint32_t first_col, MatrixView<uint32_t> out);

// out[i] = the float variate of words[i], i < n.
void FloatVariatesFromWords(VariateLaw law, const uint32_t* words, size_t n,
                            float* out);

}  // namespace initscope
