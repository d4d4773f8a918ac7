// The tile in which products are summed.
//
// It is kHeight units high and one panel wide, and stays in registers while the
// inner index runs through one block. Of the one operand numbers are broadcast,
// of the other vectors are loaded: a tile needs 2·kHeight sums, two vectors of
// samples and one number.

#if defined(INITSCOPE_LINALG_TILE_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INITSCOPE_LINALG_TILE_INL_H_
#undef INITSCOPE_LINALG_TILE_INL_H_
#else
#define INITSCOPE_LINALG_TILE_INL_H_
#endif

#include <hwy/highway.h>

#include "linalg/lanes-inl.h"
#include "linalg/packed_weights.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr size_t kHeight = 12;  // 32 registers
#else
constexpr size_t kHeight = 6;  // 16
#endif
static_assert(kUnitStep % kHeight == 0 && kWeightBlock % kHeight == 0);

// The sums of a tile, kRows × one panel.
template <typename T, size_t kRows>
struct Tile {
  using V = hn::Vec<Tag<T>>;
  V low[kRows], high[kRows];

  HWY_INLINE void Clear() {
    const Tag<T> d;
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i) low[i] = high[i] = hn::Zero(d);
  }

  // Row i += a[i·step] · b, with b one unit of a panel.
  HWY_INLINE void Add(const T* HWY_RESTRICT a, size_t step,
                      const T* HWY_RESTRICT b) {
    const Tag<T> d;
    const V b0 = hn::Load(d, b);
    const V b1 = hn::Load(d, b + hn::Lanes(d));
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i) {
      const V ai = hn::Set(d, a[i * step]);
      low[i] = hn::MulAdd(ai, b0, low[i]);
      high[i] = hn::MulAdd(ai, b1, high[i]);
    }
  }

  // Sets row i of `out`, one unit of a panel, or adds to it.
  HWY_INLINE void Store(bool add, T* HWY_RESTRICT out) const {
    const Tag<T> d;
    const size_t lanes = hn::Lanes(d);
#pragma GCC unroll 12
    for (size_t i = 0; i < kRows; ++i, out += 2 * lanes) {
      V v0 = low[i], v1 = high[i];
      if (add) {
        v0 = hn::Add(hn::Load(d, out), v0);
        v1 = hn::Add(hn::Load(d, out + lanes), v1);
      }
      hn::Store(v0, d, out);
      hn::Store(v1, d, out + lanes);
    }
  }
};

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#endif  // INITSCOPE_LINALG_TILE_INL_H_
