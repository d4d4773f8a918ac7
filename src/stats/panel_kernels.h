// Vectorized passes over the panels of a packed batch: the inner loops of its
// statistics. A lane is a sample (linalg/packed_batch.h).
//
// Sums of floats run over kChunk units at most before they go to double; all
// else is double. A lane is summed alone, so that instruction sets differ in
// the rounding of fused products only.
#pragma once

#include <cstddef>
#include <cstdint>

#include "linalg/packed_batch.h"
#include "stats/row_kernels.h"

namespace initscope {

// Units that are summed in T at a time.
inline constexpr size_t kChunk = 16;

// Power sums over units, about an origin, for every lane of a panel.
template <typename T>
class LaneMoments {
 public:
  // The origins come from the panel's first units: they equal all units where
  // those are the same, so that the central sums are then exactly zero.
  // REQUIRES: units >= 1.
  void Begin(const T* panel, size_t units, size_t width);

  // Adds the next units, kChunk at a time from the first one here; with the
  // powers up to 2 or up to 4.
  void Add2(const T* x, size_t units);
  void Add4(const T* x, size_t units);

  // Of one lane. Without Add4, m3 and m4 are 0. A lane that met a number that
  // is not finite has a mean that is not, and no other use.
  RowMoments Lane(size_t lane) const;

 private:
  size_t width_ = 0;
  size_t count_ = 0;
  bool fourth_ = false;  // whether it was Add4
  alignas(64) T origin_[kMaxPanelWidth];
  alignas(64) T min_[kMaxPanelWidth];
  alignas(64) T max_[kMaxPanelWidth];
  // Σd, Σd², Σd³, Σd⁴ with d = x − origin, and Σ|x|.
  alignas(64) double sums_[5][kMaxPanelWidth];
};

// counts[lane] += how many of the units have |x| < bound. At most 2^24 units.
template <typename T>
void CountBelow(const T* x, size_t units, size_t width, T bound,
                uint32_t* counts);

// marks[j] |= whether unit j is not zero for some of the first `samples` lanes.
template <typename T>
void MarkNonZero(const T* x, size_t units, size_t width, size_t samples,
                 uint8_t* marks);

// x_j = x_j·factor[lane] + bias[j], in place; no bias if null. `factor` holds
// `width` numbers.
template <typename T>
void ScaleUnits(T* x, size_t units, size_t width, const T* factor,
                const T* bias);

// x_j = x_j·factor[lane]·s_j, in place.
template <typename T>
void MultiplyUnits(T* x, size_t units, size_t width, const T* factor,
                   const T* s);

// out_j = x_j − origin[lane] in lanes below `samples`, 0 in the others.
template <typename T>
void CenterUnits(const T* x, size_t units, size_t width, const T* origin,
                 size_t samples, T* out);

}  // namespace initscope
