#include "linalg/packed_batch.h"

#include <algorithm>

namespace initscope {

template <typename T>
void PackedBatch<T>::Resize(size_t samples, size_t units) {
  samples_ = samples;
  units_ = units;
  width_ = PanelWidth<T>();
  const size_t padded = RoundUp(units, kUnitStep);
  entries_.Resize(Steps(samples, width_), padded * width_);
  for (size_t p = 0; p < panels(); ++p) {
    std::fill(unit(p, units), unit(p, padded), T{0});
  }
  exponent.assign(samples, 0);
}

template <typename T>
size_t PackedBatch<T>::PanelSamples(size_t panel) const {
  return std::min(width_, samples_ - panel * width_);
}

template <typename T>
void Pack(const ScaledMatrix<T>& from, PackedBatch<T>* to) {
  to->Resize(from.rows(), from.cols());
  const size_t width = to->width();
  for (size_t p = 0; p < to->panels(); ++p) {
    const size_t samples = to->PanelSamples(p);
    for (size_t j = 0; j < from.cols(); ++j) {
      T* out = to->unit(p, j);
      for (size_t i = 0; i < samples; ++i) {
        out[i] = from.mantissa(p * width + i, j);
      }
      std::fill(out + samples, out + width, T{0});
    }
  }
  to->exponent = from.exponent;
}

template <typename T>
void Unpack(const PackedBatch<T>& from, ScaledMatrix<T>* to) {
  to->Resize(from.samples(), from.units());
  for (size_t i = 0; i < from.samples(); ++i) {
    CopySample(from, i, to->mantissa.row(i));
  }
  to->exponent = from.exponent;
}

template <typename T>
void Transpose(const PackedBatch<T>& from, PackedBatch<T>* to) {
  to->Resize(from.units(), from.samples());
  const size_t width = from.width();
  // Square by square: panel q of `to` holds units [q·width, …) of `from`.
  for (size_t q = 0; q < to->panels(); ++q) {
    const size_t units = to->PanelSamples(q);
    for (size_t p = 0; p < from.panels(); ++p) {
      const T* const in = from.unit(p, q * width);
      T* const out = to->unit(q, p * width);
      for (size_t i = 0; i < from.PanelSamples(p); ++i) {
        T* const row = out + i * width;
        for (size_t j = 0; j < units; ++j) row[j] = in[j * width + i];
        std::fill(row + units, row + width, T{0});
      }
    }
  }
}

template <typename T>
void CopySample(const PackedBatch<T>& from, size_t sample, T* row) {
  const T* at = from.panel(sample / from.width()) + sample % from.width();
  for (size_t j = 0; j < from.units(); ++j) row[j] = at[j * from.width()];
}

template <typename T>
void SetSample(const T* row, size_t sample, PackedBatch<T>* to) {
  T* at = to->panel(sample / to->width()) + sample % to->width();
  for (size_t j = 0; j < to->units(); ++j) at[j * to->width()] = row[j];
}

#define INITSCOPE_INSTANTIATE(T)                                   \
  template class PackedBatch<T>;                                   \
  template void Pack(const ScaledMatrix<T>&, PackedBatch<T>*);     \
  template void Unpack(const PackedBatch<T>&, ScaledMatrix<T>*);   \
  template void Transpose(const PackedBatch<T>&, PackedBatch<T>*); \
  template void CopySample(const PackedBatch<T>&, size_t, T*);     \
  template void SetSample(const T*, size_t, PackedBatch<T>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
