// Vectorized float32 variates, and the random words they are made from.
//
// These are the laws of variates.h in float arithmetic: a word gives the
// variate that VariateFromWord() defines in double, to within some ulps.
// The method is described in float_laws-inl.h.
//
// With a fused multiply-add the error is at most 4 ulps of the exact variate,
// or 2 of a uniform one. The largest errors over all 2^32 words are
//
//                      normal   uniform   truncated
//     fused              3.65      1.67        3.12
//     scalar code        3.86      2.10        3.41
//
// Words have the same bits everywhere. A variate depends only on its word, not
// on the block, the length of the row or the place in a vector. All instruction
// sets with a fused multiply-add (AVX2, AVX-512, NEON) give the same bits;
// plain scalar code, which has none, rounds more often. The complement of a
// word gives exactly minus its variate. Variates increase with the word, except
// for steps back of at most twice the error bound.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/matrix.h"
#include "random/variates.h"

namespace initscope {

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
