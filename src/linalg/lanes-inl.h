// Vector types for panels (linalg/packed_batch.h), and loads of either
// precision as double.

#if defined(INITSCOPE_LINALG_LANES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INITSCOPE_LINALG_LANES_INL_H_
#undef INITSCOPE_LINALG_LANES_INL_H_
#else
#define INITSCOPE_LINALG_LANES_INL_H_
#endif

#include <hwy/highway.h>

#include "linalg/packed_batch.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// A vector of half a panel.
template <typename T>
using Tag = hn::CappedTag<T, kMaxPanelWidth / 2>;

// As many doubles as half a vector of floats has lanes.
using DoubleTag = hn::Repartition<double, Tag<float>>;

template <class D>
HWY_INLINE hn::Vec<D> LoadDouble(D d, const double* p) {
  return hn::LoadU(d, p);
}
template <class D>
HWY_INLINE hn::Vec<D> LoadDouble(D d, const float* p) {
  return hn::PromoteTo(d, hn::LoadU(hn::Rebind<float, D>(), p));
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#endif  // INITSCOPE_LINALG_LANES_INL_H_
