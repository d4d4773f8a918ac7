#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "random/float_variates.cc"
#include "random/float_variates.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>
//
#include <algorithm>

#include "random/float_laws-inl.h"
#include "random/philox-inl.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {

// Words go through a buffer in L1: one loop for the words and one for the law
// keep the multipliers busier than a single loop, whose state does not fit into
// the registers. A multiple of PhiloxRows::kRoundUp of every target.
constexpr size_t kBufferWords = 768;

// Calls draw(words, n, out) for the words of every row, piece by piece.
template <typename T, class Draw>
HWY_INLINE void ForWordsOfRows(const VariateSource& source, uint32_t first_row,
                               uint32_t first_col, MatrixView<T> out,
                               Draw draw) {
  static_assert(kBufferWords % PhiloxRows::kRoundUp == 0);
  const PhiloxRows rows(source);
  HWY_ALIGN uint32_t words[kBufferWords];
  for (size_t i = 0; i < out.rows(); ++i) {
    const uint32_t row = first_row + static_cast<uint32_t>(i);
    for (size_t j = 0; j < out.cols(); j += kBufferWords) {
      const size_t n = std::min(kBufferWords, out.cols() - j);
      const auto block = static_cast<uint32_t>((first_col + j) / 4);
      rows.Words(row, block, n, words);
      draw(words, n, out.row(i) + j);
    }
  }
}

void FillRows(VariateLaw law, const VariateSource& source, uint32_t first_row,
              uint32_t first_col, MatrixView<float> out) {
  ForWordsOfRows(source, first_row, first_col, out,
                 [law](const uint32_t* words, size_t n, float* row) {
                   DrawFromWords(law, words, n, row);
                 });
}

void FillRowsWithWords(const VariateSource& source, uint32_t first_row,
                       uint32_t first_col, MatrixView<uint32_t> out) {
  ForWordsOfRows(source, first_row, first_col, out,
                 [](const uint32_t* words, size_t n, uint32_t* row) {
                   std::copy(words, words + n, row);
                 });
}

void FromWords(VariateLaw law, const uint32_t* words, size_t n, float* out) {
  HWY_ALIGN uint32_t padded[kBufferWords] = {};
  for (size_t i = 0; i < n; i += kBufferWords) {
    const size_t count = std::min(kBufferWords, n - i);
    std::copy(words + i, words + i + count, padded);
    DrawFromWords(law, padded, count, out + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {
namespace {

HWY_EXPORT(FillRows);
HWY_EXPORT(FillRowsWithWords);
HWY_EXPORT(FromWords);

}  // namespace

void FillFloatVariates(VariateLaw law, const VariateSource& source,
                       uint32_t first_row, uint32_t first_col,
                       MatrixView<float> out) {
  HWY_DYNAMIC_DISPATCH(FillRows)(law, source, first_row, first_col, out);
}

void FillWords(const VariateSource& source, uint32_t first_row,
               uint32_t first_col, MatrixView<uint32_t> out) {
  HWY_DYNAMIC_DISPATCH(FillRowsWithWords)(source, first_row, first_col, out);
}

void FloatVariatesFromWords(VariateLaw law, const uint32_t* words, size_t n,
                            float* out) {
  HWY_DYNAMIC_DISPATCH(FromWords)(law, words, n, out);
}

}  // namespace initscope
#endif  // HWY_ONCE
