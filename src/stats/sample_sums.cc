#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/sample_sums.cc"
#include "stats/sample_sums.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <array>

#include "linalg/lanes-inl.h"

#ifndef INITSCOPE_STATS_SAMPLE_SUMS_COMMON
#define INITSCOPE_STATS_SAMPLE_SUMS_COMMON
namespace initscope {
// The part of a SampleSum that the kernels need.
struct SampleSumView {
  const double* factor;  // one per lane of every panel
  const double* origin;
  double* sum;
  double squares;  // over the units of one block
};
}  // namespace initscope
#endif  // INITSCOPE_STATS_SAMPLE_SUMS_COMMON

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

constexpr size_t kUnitBlock = 64;

template <size_t kSums, typename T>
void SumOverSamplesT(const PackedBatch<T>& x, size_t begin, size_t end,
                     SampleSumView* sums) {
  const DoubleTag d;
  using V = hn::Vec<DoubleTag>;
  const size_t lanes = hn::Lanes(d);
  constexpr size_t kMaxLanes = hn::MaxLanes(d);
  // Vectors of double in a panel.
  constexpr size_t kParts = 2 * hn::MaxLanes(Tag<T>()) / kMaxLanes;
  HWY_ALIGN double partial[kSums][kUnitBlock * kMaxLanes];
  V squares[kSums];
  for (size_t s = 0; s < kSums; ++s) squares[s] = hn::Zero(d);
  for (size_t j0 = begin; j0 < end; j0 += kUnitBlock) {
    const size_t units = std::min(kUnitBlock, end - j0);
    for (size_t s = 0; s < kSums; ++s) {
      std::fill_n(partial[s], units * lanes, 0.0);
    }
    for (size_t p = 0; p < x.panels(); ++p) {
      V factor[kSums][kParts];
      for (size_t s = 0; s < kSums; ++s) {
        for (size_t part = 0; part < kParts; ++part) {
          factor[s][part] =
              hn::LoadU(d, sums[s].factor + p * x.width() + part * lanes);
        }
      }
      for (size_t j = 0; j < units; ++j) {
        const T* at = x.unit(p, j0 + j);
        V v[kParts];
#pragma GCC unroll 8
        for (size_t part = 0; part < kParts; ++part) {
          v[part] = LoadDouble(d, at + part * lanes);
        }
#pragma GCC unroll 3
        for (size_t s = 0; s < kSums; ++s) {
          const double* origin = sums[s].origin;
          const V o = hn::Set(d, origin == nullptr ? 0.0 : origin[j0 + j]);
          V total = hn::Load(d, partial[s] + j * lanes);
#pragma GCC unroll 8
          for (size_t part = 0; part < kParts; ++part) {
            const V f = factor[s][part];
            const auto kept = hn::Ne(f, hn::Zero(d));
            const V e =
                hn::IfThenElseZero(kept, hn::Sub(hn::Mul(v[part], f), o));
            total = hn::Add(total, e);
            squares[s] = hn::MulAdd(e, e, squares[s]);
          }
          hn::Store(total, d, partial[s] + j * lanes);
        }
      }
    }
    for (size_t s = 0; s < kSums; ++s) {
      for (size_t j = 0; j < units; ++j) {
        sums[s].sum[j0 + j] =
            hn::GetLane(hn::SumOfLanes(d, hn::Load(d, partial[s] + j * lanes)));
      }
    }
  }
  for (size_t s = 0; s < kSums; ++s) {
    sums[s].squares = hn::GetLane(hn::SumOfLanes(d, squares[s]));
  }
}

template <typename T>
void SumBlockT(const PackedBatch<T>& x, size_t begin, size_t end,
               std::span<SampleSumView> sums) {
  if (sums.size() == 1) SumOverSamplesT<1>(x, begin, end, sums.data());
  if (sums.size() == 2) SumOverSamplesT<2>(x, begin, end, sums.data());
  if (sums.size() == 3) SumOverSamplesT<3>(x, begin, end, sums.data());
}
// HWY_EXPORT() wants a name for each instance.
static constexpr auto& SumBlockF32 = SumBlockT<float>;
static constexpr auto& SumBlockF64 = SumBlockT<double>;

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(SumBlockF32);
HWY_EXPORT(SumBlockF64);

namespace {

void SumBlock(const PackedBatch<float>& x, size_t begin, size_t end,
              std::span<SampleSumView> sums) {
  HWY_DYNAMIC_DISPATCH(SumBlockF32)(x, begin, end, sums);
}
void SumBlock(const PackedBatch<double>& x, size_t begin, size_t end,
              std::span<SampleSumView> sums) {
  HWY_DYNAMIC_DISPATCH(SumBlockF64)(x, begin, end, sums);
}

}  // namespace

template <typename T>
void SumOverSamples(const PackedBatch<T>& x, Jobs jobs,
                    std::span<SampleSum* const> sums) {
  constexpr size_t kMost = 3;
  constexpr size_t kBlock = 192;  // units
  INITSCOPE_CHECK(1 <= sums.size() && sums.size() <= kMost);
  const size_t blocks = Steps(x.units(), kBlock);
  std::vector<std::array<SampleSumView, kMost>> views(blocks);
  for (size_t s = 0; s < sums.size(); ++s) {
    SampleSum& sum = *sums[s];
    INITSCOPE_CHECK(sum.factor.size() == x.samples());
    sum.factor.resize(x.panels() * x.width(), 0.0);
    sum.sum.resize(x.units());
    for (auto& view : views) {
      view[s] = {sum.factor.data(),
                 sum.origin.empty() ? nullptr : sum.origin.data(),
                 sum.sum.data(), 0};
    }
  }
  ParallelFor(blocks, jobs, [&](size_t b) {
    SumBlock(x, b * kBlock, std::min((b + 1) * kBlock, x.units()),
             std::span(views[b]).first(sums.size()));
  });
  for (size_t s = 0; s < sums.size(); ++s) {
    sums[s]->squares = 0;
    for (const auto& view : views) sums[s]->squares += view[s].squares;
    sums[s]->factor.resize(x.samples());
  }
}

template void SumOverSamples(const PackedBatch<float>&, Jobs,
                             std::span<SampleSum* const>);
template void SumOverSamples(const PackedBatch<double>&, Jobs,
                             std::span<SampleSum* const>);

}  // namespace initscope
#endif  // HWY_ONCE
