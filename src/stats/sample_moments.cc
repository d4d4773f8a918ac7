#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "stats/sample_moments.cc"
#include "stats/sample_moments.h"

#include <hwy/foreach_target.h>  // must come before highway.h
#include <hwy/highway.h>

#include <algorithm>
#include <limits>

#include "linalg/packed_batch.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

// At most as many lanes as samples are padded to.
using D = hn::CappedTag<double, kMaxPanelWidth / 2>;
using V = hn::Vec<D>;
using Samples = SampleMoments;

LargestMagnitudes LargestOfT(const SampleMoments& of, size_t begin,
                             size_t samples) {
  const D d;
  const double infinity = std::numeric_limits<double>::infinity();
  const V inf = hn::Set(d, infinity), zero = hn::Zero(d);
  auto finite = hn::Eq(zero, zero);
  V least = inf, least_positive = inf, most = zero;
  for (size_t i = 0; i < samples; i += hn::Lanes(d)) {
    const size_t at = begin + i;
    const auto real = hn::FirstN(d, samples - i);
    const V mean = hn::LoadU(d, of.field(Samples::kMean) + at);
    const V sum = hn::LoadU(d, of.field(Samples::kAbsSum) + at);
    const V min = hn::LoadU(d, of.field(Samples::kMin) + at);
    const V max = hn::LoadU(d, of.field(Samples::kMax) + at);
    const auto is_finite =
        hn::And(hn::Lt(hn::Abs(mean), inf), hn::Lt(hn::Abs(sum), inf));
    finite = hn::And(finite, hn::Or(is_finite, hn::Not(real)));
    const V largest = hn::Max(hn::Abs(min), hn::Abs(max));
    least = hn::Min(least, hn::IfThenElse(real, largest, inf));
    most = hn::Max(most, hn::IfThenElseZero(real, largest));
    const auto positive = hn::And(real, hn::Gt(largest, zero));
    least_positive =
        hn::Min(least_positive, hn::IfThenElse(positive, largest, inf));
  }
  return {hn::AllTrue(d, finite), hn::GetLane(hn::MinOfLanes(d, least)),
          hn::GetLane(hn::MaxOfLanes(d, most)),
          hn::GetLane(hn::MinOfLanes(d, least_positive))};
}

PooledMoments PoolT(const SampleMoments& of, const double* unit) {
  const D d;
  const size_t lanes = hn::Lanes(d), samples = of.size();
  const auto real = [&](size_t i) { return hn::FirstN(d, samples - i); };
  // Only of real lanes: what lies behind is no number.
  const auto load = [&](const double* from, size_t i) {
    return hn::MaskedLoad(real(i), d, from + i);
  };
  const auto units = [&](size_t i) {
    return unit == nullptr ? hn::Set(d, 1.0) : load(unit, i);
  };
  const auto total = [&](V sums) {
    return hn::GetLane(hn::SumOfLanes(d, sums));
  };
  PooledMoments out;
  RowMoments& sum = out.sums;
  // About the first mean, so that equal ones give exactly that.
  const double* const means = of.field(Samples::kMean);
  const double origin = means[0] * (unit == nullptr ? 1 : unit[0]);
  V offsets = hn::Zero(d);
  for (size_t i = 0; i < samples; i += lanes) {
    const V offset =
        hn::Sub(hn::Mul(load(means, i), units(i)), hn::Set(d, origin));
    offsets = hn::Add(offsets, hn::IfThenElseZero(real(i), offset));
  }
  sum.mean = origin + total(offsets) / static_cast<double>(samples);

  const double length = static_cast<double>(of[0].count);
  const V n = hn::Set(d, length), mean = hn::Set(d, sum.mean);
  V own = hn::Zero(d), s2 = own, s3 = own, s4 = own, abs = own;
  const double infinity = std::numeric_limits<double>::infinity();
  V min = hn::Set(d, infinity), max = hn::Set(d, -infinity);
  for (size_t i = 0; i < samples; i += lanes) {
    const auto is_real = real(i);
    const V f = units(i), f2 = hn::Mul(f, f);
    const auto field = [&](Samples::Field which) {
      return load(of.field(which), i);
    };
    const V m2 = hn::Mul(field(Samples::kM2), f2);
    const V m3 = hn::Mul(hn::Mul(field(Samples::kM3), f2), f);
    const V m4 = hn::Mul(hn::Mul(field(Samples::kM4), f2), f2);
    const V e = hn::IfThenElseZero(
        is_real, hn::Sub(hn::Mul(field(Samples::kMean), f), mean));
    const V nee = hn::Mul(n, hn::Mul(e, e));
    own = hn::Add(own, m2);
    s2 = hn::Add(s2, hn::Add(m2, nee));
    // m3 + e·(3 m2 + n e²)
    s3 = hn::Add(s3, hn::MulAdd(e, hn::MulAdd(hn::Set(d, 3), m2, nee), m3));
    // m4 + e·(4 m3 + e·(6 m2 + n e²))
    const V inner = hn::MulAdd(hn::Set(d, 6), m2, nee);
    s4 = hn::Add(
        s4,
        hn::MulAdd(e, hn::MulAdd(e, inner, hn::Mul(hn::Set(d, 4), m3)), m4));
    abs = hn::Add(abs, hn::Mul(field(Samples::kAbsSum), f));
    const V least = hn::Mul(field(Samples::kMin), f);
    const V most = hn::Mul(field(Samples::kMax), f);
    min = hn::IfThenElse(is_real, hn::Min(min, least), min);
    max = hn::IfThenElse(is_real, hn::Max(max, most), max);
  }
  sum.count = samples * of[0].count;
  sum.m2 = total(s2);
  sum.m3 = total(s3);
  sum.m4 = total(s4);
  sum.abs_sum = total(abs);
  sum.min = hn::GetLane(hn::MinOfLanes(d, min));
  sum.max = hn::GetLane(hn::MaxOfLanes(d, max));
  out.row_variance_sum = total(own) / length;
  return out;
}

void InverseNormsT(const SampleMoments& of, const double* counts, double* out) {
  const D d;
  const size_t lanes = hn::Lanes(d);
  for (size_t i = 0; i < of.size(); i += lanes) {
    const auto real = hn::FirstN(d, of.size() - i);
    const V n = hn::MaskedLoad(real, d, counts + i);
    const V mean = hn::MaskedLoad(real, d, of.field(Samples::kMean) + i);
    const V m2 = hn::MaskedLoad(real, d, of.field(Samples::kM2) + i);
    const V squares = hn::Add(m2, hn::Mul(n, hn::Mul(mean, mean)));
    const V inverse = hn::Div(hn::Set(d, 1), hn::Sqrt(squares));
    hn::BlendedStore(hn::IfThenElseZero(hn::Gt(squares, hn::Zero(d)), inverse),
                     real, d, out + i);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace initscope {

HWY_EXPORT(LargestOfT);
HWY_EXPORT(PoolT);
HWY_EXPORT(InverseNormsT);

void SampleMoments::Resize(size_t samples) {
  fields_.Resize(kFields, RoundUp(samples, kMaxPanelWidth));
  count_.resize(samples);
  non_finite_.resize(samples);
}

RowMoments SampleMoments::operator[](size_t sample) const {
  const auto of = [&](Field f) { return field(f)[sample]; };
  return {count_[sample], non_finite_[sample], of(kMean), of(kM2), of(kM3),
          of(kM4),        of(kAbsSum),         of(kMin),  of(kMax)};
}

void SampleMoments::Set(size_t sample, const RowMoments& moments) {
  count_[sample] = static_cast<uint32_t>(moments.count);
  non_finite_[sample] = static_cast<uint32_t>(moments.non_finite);
  const double values[kFields] = {moments.mean, moments.m2,      moments.m3,
                                  moments.m4,   moments.abs_sum, moments.min,
                                  moments.max};
  for (size_t f = 0; f < kFields; ++f) fields_(f, sample) = values[f];
}

void SampleMoments::SetCount(size_t begin, size_t samples, size_t count) {
  std::fill_n(count_.begin() + static_cast<ptrdiff_t>(begin), samples,
              static_cast<uint32_t>(count));
  std::fill_n(non_finite_.begin() + static_cast<ptrdiff_t>(begin), samples,
              uint32_t{0});
}

bool SampleMoments::AreAlike() const {
  uint32_t different = 0;  // without a branch, which vectorizes
  for (size_t i = 0; i < size(); ++i) {
    different |= (count_[i] ^ count_[0]) | non_finite_[i];
  }
  return size() > 0 && count_[0] > 0 && different == 0;
}

LargestMagnitudes SampleMoments::LargestOf(size_t begin, size_t samples) const {
  return HWY_DYNAMIC_DISPATCH(LargestOfT)(*this, begin, samples);
}

PooledMoments SampleMoments::Pool(std::span<const double> unit) const {
  INITSCOPE_CHECK(AreAlike() && (unit.empty() || unit.size() == size()));
  return HWY_DYNAMIC_DISPATCH(PoolT)(*this,
                                     unit.empty() ? nullptr : unit.data());
}

std::vector<double> SampleMoments::InverseNorms() const {
  const std::vector<double> counts(count_.begin(), count_.end());
  std::vector<double> norms(size());
  HWY_DYNAMIC_DISPATCH(InverseNormsT)(*this, counts.data(), norms.data());
  for (size_t i = 0; i < size(); ++i) {
    if (non_finite_[i] != 0) norms[i] = 0;
  }
  return norms;
}

}  // namespace initscope
#endif  // HWY_ONCE
