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
void CopySample(const PackedBatch<T>& from, size_t sample, T* row) {
  const T* at = from.panel(sample / from.width()) + sample % from.width();
  for (size_t j = 0; j < from.units(); ++j) row[j] = at[j * from.width()];
}

template <typename T>
void SetSample(const T* row, size_t sample, PackedBatch<T>* to) {
  T* at = to->panel(sample / to->width()) + sample % to->width();
  for (size_t j = 0; j < to->units(); ++j) at[j * to->width()] = row[j];
}

#define INITSCOPE_INSTANTIATE(T)                                 \
  template class PackedBatch<T>;                                 \
  template void Pack(const ScaledMatrix<T>&, PackedBatch<T>*);   \
  template void Unpack(const PackedBatch<T>&, ScaledMatrix<T>*); \
  template void CopySample(const PackedBatch<T>&, size_t, T*);   \
  template void SetSample(const T*, size_t, PackedBatch<T>*);
INITSCOPE_INSTANTIATE(float)
INITSCOPE_INSTANTIATE(double)
#undef INITSCOPE_INSTANTIATE

}  // namespace initscope
