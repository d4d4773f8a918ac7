// A batch in the layout of the matrix core: samples side by side in vector
// lanes.
//
// The batch is cut into panels of PanelWidth() = w samples. A panel holds its
// units one after another, each with the entries of all its samples:
//
//     entry (sample i, unit j) = panel(i / w)[j·w + i % w] · 2^exponent[i]
//
// A tile of a product leaves the registers in the layout in which the next
// product reads it, so that nothing is ever repacked. A sample is a lane, and
// sums over units are vector sums. Exponents are those of
// linalg/scaled_matrix.h.
//
// Lanes beyond the last sample, and units up to a multiple of kUnitStep, are
// padding. Padded units are zero wherever a batch is an operand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "linalg/scaled_matrix.h"

namespace initscope {

// The number of steps that cover n, and what they cover.
inline size_t Steps(size_t n, size_t step) { return (n + step - 1) / step; }
inline size_t RoundUp(size_t n, size_t step) { return Steps(n, step) * step; }

// Samples per panel: two vectors of the instruction set in use.
template <typename T>
size_t PanelWidth();
inline constexpr size_t kMaxPanelWidth = 32;

// Units are padded to a multiple of this, which every tile height divides.
inline constexpr size_t kUnitStep = 12;

template <typename T>
class PackedBatch {
 public:
  // Changes the shape. Entries are lost; padded units and exponents become 0.
  void Resize(size_t samples, size_t units);

  size_t samples() const { return samples_; }
  size_t units() const { return units_; }
  size_t width() const { return width_; }
  size_t panels() const { return entries_.rows(); }
  size_t padded_units() const { return entries_.cols() / width_; }
  // The number of samples in a panel; the last one may have fewer than width().
  size_t PanelSamples(size_t panel) const;

  T* panel(size_t p) { return entries_.row(p); }
  const T* panel(size_t p) const { return entries_.row(p); }
  T* unit(size_t p, size_t j) { return panel(p) + j * width_; }
  const T* unit(size_t p, size_t j) const { return panel(p) + j * width_; }

  std::vector<int64_t> exponent;  // one per sample

 private:
  Matrix<T> entries_;  // panels × (padded units · width)
  size_t samples_ = 0;
  size_t units_ = 0;
  size_t width_ = 1;
};

// Convert between the two layouts, with shapes and exponents.
template <typename T>
void Pack(const ScaledMatrix<T>& from, PackedBatch<T>* to);
template <typename T>
void Unpack(const PackedBatch<T>& from, ScaledMatrix<T>* to);

// Copy the units of one sample to, or from, a row of units() numbers.
template <typename T>
void CopySample(const PackedBatch<T>& from, size_t sample, T* row);
template <typename T>
void SetSample(const T* row, size_t sample, PackedBatch<T>* to);

}  // namespace initscope
