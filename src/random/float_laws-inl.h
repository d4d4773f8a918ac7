// Vectorized float32 variates from random words.
//
// With u = (word + ½)·2⁻³², a word and its complement give variates that differ
// only in sign. Everything below is computed from
//
//     tail   = min(word, ~word) + ½  =  2³² min(u, 1 − u)
//     centre = 2³¹ − tail            =  2³¹ |2u − 1|
//
// Both are converted from integers, so that neither suffers cancellation: even
// the variates next to the median, 3e-10, are as accurate as any. Then
//
//     x = log2(p(1 − p)),  with p the probability of the tail
//     z = (2u − 1)·F(x)
//
// where F is a polynomial, because z/(2u − 1) is a smooth function of x all the
// way to the median. The form is that of Giles, "Approximating the erfinv
// function", GPU Computing Gems 2 (2011). The coefficients are our own minimax
// fits of the relative error, in which each coefficient was rounded to float
// before the following ones were fitted. Beyond the range of the polynomial,
// for fewer than one word in 2000, F is a polynomial in √−x.
//
// All operations are IEEE operations on single lanes, so that all instruction
// sets with a fused multiply-add give the same bits.

#if defined(INITSCOPE_RANDOM_FLOAT_LAWS_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INITSCOPE_RANDOM_FLOAT_LAWS_INL_H_
#undef INITSCOPE_RANDOM_FLOAT_LAWS_INL_H_
#else
#define INITSCOPE_RANDOM_FLOAT_LAWS_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "random/variates.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

using Words = hn::Vec<hn::ScalableTag<uint32_t>>;
using Ints = hn::Vec<hn::ScalableTag<int32_t>>;
using Floats = hn::Vec<hn::ScalableTag<float>>;

HWY_INLINE Ints SetInts(int32_t x) {
  return hn::Set(hn::ScalableTag<int32_t>(), x);
}
HWY_INLINE Floats Set(float x) { return hn::Set(hn::ScalableTag<float>(), x); }
HWY_INLINE Floats ToFloats(Ints x) {
  return hn::ConvertTo(hn::ScalableTag<float>(), x);
}

// The coefficients of a polynomial, lowest power first, times `scale`. Each
// fills the lanes of a vector in memory, because there are more of them than
// registers.
template <size_t n>
struct Coefficients {
  constexpr explicit Coefficients(const float (&c)[n], float scale = 1) {
    for (size_t i = 0; i < n; ++i) {
      for (float& lane : lanes[i]) lane = scale * c[i];
    }
  }
  HWY_INLINE Floats operator[](size_t i) const {
    return hn::Load(hn::ScalableTag<float>(), lanes[i]);
  }
  alignas(64) float lanes[n][hn::MaxLanes(hn::ScalableTag<float>())] = {};
};

// The constants that the loops read.
template <class Law>
struct Constants {
  // R in log2(1 + f) = f·R(f), 0 <= f < 1; accurate to 4.7e-8.
  Coefficients<8> log2{{1.4426899f, -0.7211661f, 0.47868556f, -0.34730753f,
                        0.24187718f, -0.13753483f, 0.05206675f, -0.009310996f}};
  decltype(Law::kFactor) factor = Law::kFactor;
};
template <class Law>
inline constexpr Constants<Law> kConstants;

struct NormalLaw {
  static HWY_INLINE Floats Tail(Floats t) { return hn::Add(t, Set(0.5f)); }
  // F as a polynomial in x − kMiddle, for tails from kFewest on; accurate to
  // 1.4e-8 of F. The coefficients include the factor 2⁻³¹ of the centre and the
  // sign of the lower half.
  static constexpr float kMiddle = -6.875f;
  static constexpr Coefficients<11> kFactor{
      {2.4243524f, -0.23228236f, -0.004435795f, 0.0002638153f, 5.487047e-05f,
       3.5015935e-06f, -1.0909481e-07f, -4.0171866e-08f, -2.3781135e-09f,
       1.6193341e-10f, 2.1115089e-11f},
      -0x1p-31f};
  static constexpr int32_t kFewest = 1 << 20;
  // F as a polynomial in √(−1 − x) − kFarMiddle, for smaller tails; accurate to
  // 1e-8.
  static constexpr float kFarMiddle = 3.25f;
  static constexpr Coefficients<9> kFarFactor{
      {3.4073217f, 1.2213906f, 0.011602189f, -0.019127816f, 0.013914684f,
       -0.0065003573f, 0.0019308154f, -0.00033115386f, 2.4937804e-05f},
      -0x1p-31f};
};

//     p      = Φ(−2) + tail·(Φ(2) − Φ(−2))
//     2p − 1 = (2u − 1)·(Φ(2) − Φ(−2))
struct TruncatedNormalLaw {
  static constexpr double kCutLow = 0.0227501319481792072;  // Φ(−2)
  static constexpr double kCutMass = 0.954499736103641586;  // Φ(2) − Φ(−2)
  static HWY_INLINE Floats Tail(Floats t) {
    return hn::MulAdd(t, Set(static_cast<float>(kCutMass)),
                      Set(static_cast<float>(0x1p32 * kCutLow + kCutMass / 2)));
  }
  // F as a polynomial in x − kMiddle, times kCutMass and divided by the
  // standard deviation of the truncated law; accurate to 2.1e-8.
  static constexpr float kMiddle = -3.8125f;
  static constexpr Coefficients<7> kFactor{
      {1.8279153f, -0.265447f, 0.0018205375f, 0.0011496771f, 5.096505e-05f,
       -7.418677e-06f, -7.6674866e-07f},
      -0x1p-31f};
  static constexpr int32_t kFewest = 0;
};

struct UniformLaw {};
template <>
struct Constants<UniformLaw> {};

template <size_t n, size_t count>
HWY_INLINE void Evaluate(const Coefficients<n>& c, const Floats (&x)[count],
                         Floats (&value)[count]) {
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) value[j] = c[n - 1];
#pragma GCC unroll 16
  for (size_t i = 1; i < n; ++i) {
#pragma GCC unroll 8
    for (size_t j = 0; j < count; ++j) {
      value[j] = hn::MulAdd(value[j], x[j], c[n - 1 - i]);
    }
  }
}

// min(word, ~word).
HWY_INLINE Ints WholeTail(Words word) {
  const Ints bits = hn::BitCast(hn::ScalableTag<int32_t>(), word);
  return hn::Xor(bits, hn::ShiftRight<31>(bits));
}

// 2³¹ |2u − 1| − ½.
HWY_INLINE Ints WholeCentre(Ints whole_tail) {
  return hn::Xor(whole_tail, SetInts(0x7fffffff));
}
HWY_INLINE Floats Centre(Ints whole_tail) {
  return hn::Add(ToFloats(WholeCentre(whole_tail)), Set(0.5f));
}

// Gives a variate of the lower half the sign of the half of `word`.
HWY_INLINE Floats WithSign(Floats lower, Words word) {
  const hn::ScalableTag<uint32_t> d;
  const Words sign = hn::And(word, hn::Set(d, 0x80000000u));
  return hn::Xor(lower, hn::BitCast(hn::ScalableTag<float>(), sign));
}

// log2(p(1 − p)) − Law::kMiddle.
template <class Law, size_t count>
HWY_INLINE void LogOfTails(const Constants<Law>& constants,
                           const Ints (&whole_tail)[count],
                           Floats (&x)[count]) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<int32_t> di;
  Floats exponent[count], f[count], ratio[count];
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) {
    const Floats tail = Law::Tail(ToFloats(whole_tail[j]));
    const Ints bits =
        hn::BitCast(di, hn::Mul(tail, hn::Sub(Set(0x1p32f), tail)));
    exponent[j] = hn::Sub(ToFloats(hn::ShiftRight<23>(bits)),
                          Set(127 + 64 + Law::kMiddle));
    const Floats m = hn::BitCast(
        d, hn::Or(hn::And(bits, SetInts(0x7fffff)), SetInts(0x3f800000)));
    f[j] = hn::Sub(m, Set(1));
  }
  Evaluate(constants.log2, f, ratio);
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) {
    x[j] = hn::MulAdd(f[j], ratio[j], exponent[j]);
  }
}

// Overwrites the variates of `count` vectors that lie in a far tail.
template <class Law>
HWY_NOINLINE void DrawFarTails(const uint32_t* HWY_RESTRICT words, size_t count,
                               float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<uint32_t> d32;
  for (size_t i = 0; i < count * hn::Lanes(d); i += hn::Lanes(d)) {
    const Words word = hn::LoadU(d32, words + i);
    const Ints tail[] = {WholeTail(word)};
    Floats x[1], factor[1];
    LogOfTails(kConstants<Law>, tail, x);
    const Floats root = hn::Sqrt(hn::Sub(Set(-1 - Law::kMiddle), x[0]));
    const Floats from_middle[] = {hn::Sub(root, Set(Law::kFarMiddle))};
    Evaluate(Law::kFarFactor, from_middle, factor);
    const Floats z = WithSign(hn::Mul(Centre(tail[0]), factor[0]), word);
    const auto far = hn::RebindMask(d, hn::Lt(tail[0], SetInts(Law::kFewest)));
    hn::StoreU(hn::IfThenElse(far, z, hn::LoadU(d, out + i)), d, out + i);
  }
}

template <size_t count, class Law>
HWY_INLINE void DrawVectors(const Constants<Law>& constants,
                            const uint32_t* HWY_RESTRICT words,
                            float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<uint32_t> d32;
  const hn::ScalableTag<int32_t> di;
  Ints tail[count];
  Floats x[count], factor[count];
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) {
    tail[j] = WholeTail(hn::LoadU(d32, words + j * hn::Lanes(d)));
  }
  LogOfTails(constants, tail, x);
  Evaluate(constants.factor, x, factor);
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) {
    const Words word = hn::LoadU(d32, words + j * hn::Lanes(d));
    hn::StoreU(WithSign(hn::Mul(Centre(tail[j]), factor[j]), word), d,
               out + j * hn::Lanes(d));
  }
  if constexpr (Law::kFewest > 0) {
    Ints least = tail[0];
#pragma GCC unroll 8
    for (size_t j = 1; j < count; ++j) least = hn::Min(least, tail[j]);
    const auto far = hn::Lt(least, SetInts(Law::kFewest));
    if (HWY_UNLIKELY(!hn::AllFalse(di, far))) {
      DrawFarTails<Law>(words, count, out);
    }
  }
}

template <size_t count>
HWY_INLINE void DrawVectors(const Constants<UniformLaw>& /*constants*/,
                            const uint32_t* HWY_RESTRICT words,
                            float* HWY_RESTRICT out) {
  const hn::ScalableTag<float> d;
  const hn::ScalableTag<uint32_t> d32;
  const Floats scale = Set(-1.73205081f * 0x1p-31f);  // −√3·2⁻³¹
  const Floats half = Set(-1.73205081f * 0x1p-32f);
#pragma GCC unroll 8
  for (size_t j = 0; j < count; ++j) {
    const Words word = hn::LoadU(d32, words + j * hn::Lanes(d));
    const Floats lower =
        hn::MulAdd(ToFloats(WholeCentre(WholeTail(word))), scale, half);
    hn::StoreU(WithSign(lower, word), d, out + j * hn::Lanes(d));
  }
}

// out[i] = the variate of words[i], i < n. `words` must be readable up to the
// end of a whole vector.
template <class Law>
HWY_NOINLINE void DrawLaw(const uint32_t* HWY_RESTRICT words, size_t n,
                          float* HWY_RESTRICT out) {
  constexpr size_t kAtOnce = 8;  // enough to hide the latencies
  const hn::ScalableTag<float> d;
  const size_t lanes = hn::Lanes(d);
  const Constants<Law>* constants = &kConstants<Law>;
  // Hides the values. If GCC knew that all lanes are equal, it would broadcast
  // them before the loop, for every row, and spill them.
  asm("" : "+r"(constants));
  size_t i = 0;
  for (; i + kAtOnce * lanes <= n; i += kAtOnce * lanes) {
    DrawVectors<kAtOnce>(*constants, words + i, out + i);
  }
  for (; i + lanes <= n; i += lanes) {
    DrawVectors<1>(*constants, words + i, out + i);
  }
  if (i < n) {
    HWY_ALIGN float rest[hn::MaxLanes(d)];
    DrawVectors<1>(*constants, words + i, rest);
    std::copy(rest, rest + (n - i), out + i);
  }
}

HWY_INLINE void DrawFromWords(VariateLaw law, const uint32_t* words, size_t n,
                              float* out) {
  switch (law) {
    case VariateLaw::kNormal:
      return DrawLaw<NormalLaw>(words, n, out);
    case VariateLaw::kUniform:
      return DrawLaw<UniformLaw>(words, n, out);
    case VariateLaw::kTruncatedNormal:
      return DrawLaw<TruncatedNormalLaw>(words, n, out);
  }
}

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
