#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/panel_kernels.cc"
#include "stats/panel_kernels.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>

#include "linalg/lanes-inl.h"

#ifndef INITSCOPE_STATS_PANEL_KERNELS_COMMON
#define INITSCOPE_STATS_PANEL_KERNELS_COMMON
namespace initscope {
// The part of LaneMoments that the kernels need.
template <typename T>
struct LaneSums {
  size_t width;
  const T* origin;
  T* min;
  T* max;
  double (*sums)[kMaxPanelWidth];
};
template <typename T>
struct ConstLaneSums {
  size_t width;
  const T* origin;
  const T* min;
  const T* max;
  const double (*sums)[kMaxPanelWidth];
};
}  // namespace initscope
#endif  // INITSCOPE_STATS_PANEL_KERNELS_COMMON

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// sums[0 … lanes) += v.
template <class V>
HWY_INLINE void AddTo(Tag<double> d, V v, double* sums) {
  hn::Store(hn::Add(hn::Load(d, sums), v), d, sums);
}
template <class V>
HWY_INLINE void AddTo(Tag<float> d, V v, double* sums) {
  HWY_ALIGN float lanes[hn::MaxLanes(d)];
  hn::Store(v, d, lanes);
  const DoubleTag dd;
  for (size_t i = 0; i < hn::Lanes(d); i += hn::Lanes(dd)) {
    hn::Store(hn::Add(hn::Load(dd, sums + i), LoadDouble(dd, lanes + i)), dd,
              sums + i);
  }
}

template <bool kFourth, typename T>
void AddMoments(const T* x, size_t units, const LaneSums<T>& out) {
  const Tag<T> d;
  using V = hn::Vec<Tag<T>>;
  const size_t lanes = hn::Lanes(d);
  for (size_t half = 0; half < out.width; half += lanes) {
    const V origin = hn::Load(d, out.origin + half);
    V min = hn::Load(d, out.min + half);
    V max = hn::Load(d, out.max + half);
    const T* at = x + half;
    for (size_t begin = 0; begin < units; begin += kChunk) {
      V s1 = hn::Zero(d), s2 = s1, s3 = s1, s4 = s1, abs = s1;
      const size_t end = std::min(begin + kChunk, units);
      for (size_t j = begin; j < end; ++j, at += out.width) {
        const V v = hn::Load(d, at);
        const V e = hn::Sub(v, origin);
        s1 = hn::Add(s1, e);
        abs = hn::Add(abs, hn::Abs(v));
        min = hn::Min(min, v);
        max = hn::Max(max, v);
        if constexpr (kFourth) {
          const V e2 = hn::Mul(e, e);
          s2 = hn::Add(s2, e2);
          s3 = hn::MulAdd(e2, e, s3);
          s4 = hn::MulAdd(e2, e2, s4);
        } else {
          s2 = hn::MulAdd(e, e, s2);
        }
      }
      AddTo(d, s1, out.sums[0] + half);
      AddTo(d, s2, out.sums[1] + half);
      if constexpr (kFourth) {
        AddTo(d, s3, out.sums[2] + half);
        AddTo(d, s4, out.sums[3] + half);
      }
      AddTo(d, abs, out.sums[4] + half);
    }
    hn::Store(min, d, out.min + half);
    hn::Store(max, d, out.max + half);
  }
}

// From the sums about the origin, by the binomial theorem.
template <typename T>
void StoreLanesT(const ConstLaneSums<T>& from, double count, bool fourth,
                 double* const* fields) {
  const DoubleTag d;
  using V = hn::Vec<DoubleTag>;
  const V n = hn::Set(d, count), two = hn::Set(d, 2), three = hn::Set(d, 3);
  for (size_t i = 0; i < from.width; i += hn::Lanes(d)) {
    const V s1 = hn::Load(d, from.sums[0] + i);
    const V s2 = hn::Load(d, from.sums[1] + i);
    const V s3 = hn::Load(d, from.sums[2] + i);
    const V s4 = hn::Load(d, from.sums[3] + i);
    const V shift = hn::Div(s1, n), shift_s1 = hn::Mul(shift, s1);
    V m3 = hn::Zero(d), m4 = m3;
    if (fourth) {
      // s3 − shift·(3 s2 − 2 shift·s1)
      m3 = hn::Sub(s3, hn::Mul(shift, hn::Sub(hn::Mul(three, s2),
                                              hn::Mul(two, shift_s1))));
      // s4 − shift·(4 s3 − shift·(6 s2 − 3 shift·s1))
      const V inner =
          hn::Sub(hn::Mul(hn::Set(d, 6), s2), hn::Mul(three, shift_s1));
      m4 = hn::Sub(s4, hn::Mul(shift, hn::Sub(hn::Mul(hn::Set(d, 4), s3),
                                              hn::Mul(shift, inner))));
    }
    const auto store = [&](SampleMoments::Field field, V v) {
      hn::StoreU(v, d, fields[field] + i);
    };
    store(SampleMoments::kMean, hn::Add(LoadDouble(d, from.origin + i), shift));
    store(SampleMoments::kM2, hn::Max(hn::Zero(d), hn::Sub(s2, shift_s1)));
    store(SampleMoments::kM3, m3);
    store(SampleMoments::kM4, m4);
    store(SampleMoments::kAbsSum, hn::Load(d, from.sums[4] + i));
    store(SampleMoments::kMin, LoadDouble(d, from.min + i));
    store(SampleMoments::kMax, LoadDouble(d, from.max + i));
  }
}

template <typename T>
void CountBelowT(const T* x, size_t units, size_t width, T bound,
                 uint32_t* counts) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  const auto limit = hn::Set(d, bound);
  const auto one = hn::Set(d, T{1});
  HWY_ALIGN T found[hn::MaxLanes(d)];
  for (size_t half = 0; half < width; half += lanes) {
    auto count = hn::Zero(d);
    const T* at = x + half;
    for (size_t j = 0; j < units; ++j, at += width) {
      const auto below = hn::Lt(hn::Abs(hn::Load(d, at)), limit);
      count = hn::Add(count, hn::IfThenElseZero(below, one));
    }
    hn::Store(count, d, found);
    for (size_t i = 0; i < lanes; ++i) {
      counts[half + i] += static_cast<uint32_t>(found[i]);
    }
  }
}

template <typename T>
void MarkNonZeroT(const T* x, size_t units, size_t width, size_t samples,
                  uint8_t* marks) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t half = 0; half < samples; half += lanes) {
    const auto real = hn::FirstN(d, samples - half);
    for (size_t j = 0; j < units; ++j) {
      const auto v = hn::Load(d, x + j * width + half);
      // Ne() would be true for NaN on some targets only.
      const auto mark = hn::AndNot(hn::Eq(v, hn::Zero(d)), real);
      marks[j] |= !hn::AllFalse(d, mark);
    }
  }
}

template <typename T>
void ScaleUnitsT(T* x, size_t units, size_t width, const T* factor,
                 const T* bias) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t half = 0; half < width; half += lanes) {
    const auto f = hn::LoadU(d, factor + half);
    T* at = x + half;
    for (size_t j = 0; j < units; ++j, at += width) {
      auto v = hn::Mul(hn::Load(d, at), f);
      if (bias != nullptr) v = hn::Add(v, hn::Set(d, bias[j]));
      hn::Store(v, d, at);
    }
  }
}

template <typename T>
void MultiplyUnitsT(T* x, size_t units, size_t width, const T* factor,
                    const T* s) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t half = 0; half < width; half += lanes) {
    const auto f = hn::LoadU(d, factor + half);
    for (size_t j = 0; j < units; ++j) {
      T* at = x + j * width + half;
      const auto v = hn::Mul(hn::Load(d, at), f);
      hn::Store(hn::Mul(v, hn::Load(d, s + j * width + half)), d, at);
    }
  }
}

template <typename T>
void CenterUnitsT(const T* x, size_t units, size_t width, const T* origin,
                  size_t samples, T* out) {
  const Tag<T> d;
  const size_t lanes = hn::Lanes(d);
  for (size_t half = 0; half < width; half += lanes) {
    const auto o = hn::LoadU(d, origin + half);
    const auto real = hn::FirstN(d, samples > half ? samples - half : 0);
    for (size_t j = 0; j < units; ++j) {
      const size_t at = j * width + half;
      const auto v = hn::Sub(hn::Load(d, x + at), o);
      hn::Store(hn::IfThenElseZero(real, v), d, out + at);
    }
  }
}

// HWY_EXPORT() wants a name for each instance.
#define INITSCOPE_KERNELS(T, SUFFIX)                                \
  static constexpr auto& Add2##SUFFIX = AddMoments<false, T>;       \
  static constexpr auto& Add4##SUFFIX = AddMoments<true, T>;        \
  static constexpr auto& StoreLanes##SUFFIX = StoreLanesT<T>;       \
  static constexpr auto& CountBelow##SUFFIX = CountBelowT<T>;       \
  static constexpr auto& MarkNonZero##SUFFIX = MarkNonZeroT<T>;     \
  static constexpr auto& ScaleUnits##SUFFIX = ScaleUnitsT<T>;       \
  static constexpr auto& MultiplyUnits##SUFFIX = MultiplyUnitsT<T>; \
  static constexpr auto& CenterUnits##SUFFIX = CenterUnitsT<T>;
INITSCOPE_KERNELS(float, F32)
INITSCOPE_KERNELS(double, F64)
#undef INITSCOPE_KERNELS

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

template <typename T>
void LaneMoments<T>::Begin(const T* panel, size_t units, size_t width) {
  width_ = width;
  count_ = 0;
  fourth_ = false;
  // The mean of the first 1, 2, 4 or 8 units, taken pairwise, which is exact
  // for equal numbers.
  size_t first = 8;
  while (first > units) first /= 2;
  T terms[8][kMaxPanelWidth];
  for (size_t j = 0; j < first; ++j) {
    std::copy_n(panel + j * width, width, terms[j]);
  }
  for (size_t n = first / 2; n > 0; n /= 2) {
    for (size_t j = 0; j < n; ++j) {
      for (size_t i = 0; i < width; ++i) {
        terms[j][i] = (terms[j][i] + terms[j + n][i]) / 2;
      }
    }
  }
  std::copy_n(terms[0], width, origin_);
  std::copy_n(panel, width, min_);
  std::copy_n(panel, width, max_);
  for (auto& sum : sums_) std::fill_n(sum, width, 0.0);
}

#define INITSCOPE_DISPATCH(T, SUFFIX)                                         \
  HWY_EXPORT(Add2##SUFFIX);                                                   \
  HWY_EXPORT(Add4##SUFFIX);                                                   \
  HWY_EXPORT(StoreLanes##SUFFIX);                                             \
  HWY_EXPORT(CountBelow##SUFFIX);                                             \
  HWY_EXPORT(MarkNonZero##SUFFIX);                                            \
  HWY_EXPORT(ScaleUnits##SUFFIX);                                             \
  HWY_EXPORT(MultiplyUnits##SUFFIX);                                          \
  HWY_EXPORT(CenterUnits##SUFFIX);                                            \
  template <>                                                                 \
  void LaneMoments<T>::Add2(const T* x, size_t units) {                       \
    count_ += units;                                                          \
    HWY_DYNAMIC_DISPATCH(Add2##SUFFIX)                                        \
    (x, units, {width_, origin_, min_, max_, sums_});                         \
  }                                                                           \
  template <>                                                                 \
  void LaneMoments<T>::Add4(const T* x, size_t units) {                       \
    count_ += units;                                                          \
    fourth_ = true;                                                           \
    HWY_DYNAMIC_DISPATCH(Add4##SUFFIX)                                        \
    (x, units, {width_, origin_, min_, max_, sums_});                         \
  }                                                                           \
  template <>                                                                 \
  void LaneMoments<T>::Store(size_t begin, SampleMoments* to) const {         \
    double* fields[SampleMoments::kFields];                                   \
    to->SetCount(begin, std::min(width_, to->size() - begin), count_);        \
    for (size_t f = 0; f < SampleMoments::kFields; ++f) {                     \
      fields[f] = to->field(static_cast<SampleMoments::Field>(f)) + begin;    \
    }                                                                         \
    HWY_DYNAMIC_DISPATCH(StoreLanes##SUFFIX)                                  \
    ({width_, origin_, min_, max_, sums_}, static_cast<double>(count_),       \
     fourth_, fields);                                                        \
  }                                                                           \
  template <>                                                                 \
  void CountBelow(const T* x, size_t units, size_t width, T bound,            \
                  uint32_t* counts) {                                         \
    HWY_DYNAMIC_DISPATCH(CountBelow##SUFFIX)(x, units, width, bound, counts); \
  }                                                                           \
  template <>                                                                 \
  void MarkNonZero(const T* x, size_t units, size_t width, size_t samples,    \
                   uint8_t* marks) {                                          \
    HWY_DYNAMIC_DISPATCH(MarkNonZero##SUFFIX)                                 \
    (x, units, width, samples, marks);                                        \
  }                                                                           \
  template <>                                                                 \
  void ScaleUnits(T* x, size_t units, size_t width, const T* factor,          \
                  const T* bias) {                                            \
    HWY_DYNAMIC_DISPATCH(ScaleUnits##SUFFIX)(x, units, width, factor, bias);  \
  }                                                                           \
  template <>                                                                 \
  void MultiplyUnits(T* x, size_t units, size_t width, const T* factor,       \
                     const T* s) {                                            \
    HWY_DYNAMIC_DISPATCH(MultiplyUnits##SUFFIX)(x, units, width, factor, s);  \
  }                                                                           \
  template <>                                                                 \
  void CenterUnits(const T* x, size_t units, size_t width, const T* origin,   \
                   size_t samples, T* out) {                                  \
    HWY_DYNAMIC_DISPATCH(CenterUnits##SUFFIX)                                 \
    (x, units, width, origin, samples, out);                                  \
  }
INITSCOPE_DISPATCH(float, F32)
INITSCOPE_DISPATCH(double, F64)
#undef INITSCOPE_DISPATCH

template class LaneMoments<float>;
template class LaneMoments<double>;

}  // namespace initscope
#endif  // HWY_ONCE
