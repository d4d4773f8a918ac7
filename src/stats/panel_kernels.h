// Vectorized passes over the panels of a packed batch: the inner loops of its
// statistics. A lane is a sample (linalg/packed_batch.h).
//
// Floats are summed over at most kChunk units before they are added to doubles;
// everything else is double. Each lane has its own sum, so that instruction
// sets differ only in the rounding of fused products.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linalg/packed_batch.h"
#include "stats/sample_moments.h"

namespace initscope {

// Units that are summed in T at a time.
inline constexpr size_t kChunk = 16;

// Power sums over the units, about an origin, for every lane of a panel.
template <typename T>
class LaneMoments {
 public:
  // Takes the origins from the first units of `panel`. If all units of a sample
  // are equal, its origin equals them, and its central sums are exactly zero.
  // REQUIRES: units >= 1.
  void Begin(const T* panel, size_t units, size_t width);

  // Add the next units, in chunks of kChunk, with powers up to 2 or up to 4.
  void Add2(const T* x, size_t units);
  void Add4(const T* x, size_t units);

  // Stores the moments of every lane, the first as those of sample `begin`; m3
  // and m4 are 0 unless Add4() was called. If a lane contained a NaN or
  // infinity, its mean is non-finite and every other field is unspecified.
  // REQUIRES: `begin` is a panel's first sample.
  void Store(size_t begin, SampleMoments* to) const;

 private:
  size_t width_ = 0;
  size_t count_ = 0;
  bool fourth_ = false;  // whether Add4() was called
  alignas(64) T origin_[kMaxPanelWidth];
  alignas(64) T min_[kMaxPanelWidth];
  alignas(64) T max_[kMaxPanelWidth];
  // Σd, Σd², Σd³, Σd⁴ with d = x − origin, and Σ|x|.
  alignas(64) double sums_[5][kMaxPanelWidth];
};

// counts[lane] += the number of units with |x| < bound.
// REQUIRES: at most 2^24 units.
template <typename T>
void CountBelow(const T* x, size_t units, size_t width, T bound,
                uint32_t* counts);

// marks[j] |= whether unit j is non-zero in any of the first `samples` lanes.
template <typename T>
void MarkNonZero(const T* x, size_t units, size_t width, size_t samples,
                 uint8_t* marks);

// x_j = x_j·factor[lane] + bias[j], in place; `bias` may be null. `factor`
// holds `width` numbers.
template <typename T>
void ScaleUnits(T* x, size_t units, size_t width, const T* factor,
                const T* bias);

// x_j = x_j·factor[lane]·s_j, in place.
template <typename T>
void MultiplyUnits(T* x, size_t units, size_t width, const T* factor,
                   const T* s);

// out_j = x_j − origin[lane] in the first `samples` lanes, 0 in the others.
template <typename T>
void CenterUnits(const T* x, size_t units, size_t width, const T* origin,
                 size_t samples, T* out);

}  // namespace initscope
