// Vectorized Philox4x32-10: the words of a row of variates.
//
// Each 64-bit lane holds one block; a 32-bit word of its counter is the low
// half of the lane, and the widening multiply ignores the high half. A round on
// as many blocks as there are lanes thus takes two products, two shifts for
// their high halves and four xors; the low halves are the products themselves.
//
// Only the block number changes along a row, so that some terms of the first
// three rounds depend only on the row.

#if defined(INITSCOPE_RANDOM_PHILOX_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef INITSCOPE_RANDOM_PHILOX_INL_H_
#undef INITSCOPE_RANDOM_PHILOX_INL_H_
#else
#define INITSCOPE_RANDOM_PHILOX_INL_H_
#endif

#include <hwy/highway.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "random/philox.h"
#include "random/variates.h"

HWY_BEFORE_NAMESPACE();
namespace initscope {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR

// Scalar code has no lanes to split: block by block.
class PhiloxRows {
 public:
  static constexpr size_t kRoundUp = 4;
  explicit PhiloxRows(const VariateSource& source) : source_(source) {}

  void Words(uint32_t row, uint32_t block, size_t n,
             uint32_t* HWY_RESTRICT out) const {
    for (size_t i = 0; i < n; i += 4, ++block) {
      const PhiloxBlock words = Philox4x32(
          {block, row, source_.layer, static_cast<uint32_t>(source_.stream)},
          source_.seed);
      std::ranges::copy(words, out + i);
    }
  }

 private:
  VariateSource source_;
};

#else

using Tag32 = hn::ScalableTag<uint32_t>;
using Tag64 = hn::ScalableTag<uint64_t>;
using Lanes32 = hn::Vec<Tag32>;
using Lanes64 = hn::Vec<Tag64>;

HWY_INLINE Lanes64 LowTimes(Lanes64 x, Lanes32 factor) {
  return hn::MulEven(hn::BitCast(Tag32(), x), factor);
}

HWY_INLINE Lanes64 High(Lanes64 x) { return hn::ShiftRight<32>(x); }

// The keys of the ten rounds, each in every lane, for one seed.
struct PhiloxVectorKeys {
  explicit PhiloxVectorKeys(uint64_t seed) {
    const Tag64 d;
    uint32_t key0 = static_cast<uint32_t>(seed);
    uint32_t key1 = static_cast<uint32_t>(seed >> 32);
    for (int r = 0; r < kPhiloxRounds; ++r) {
      word0[r] = key0;
      word1[r] = key1;
      hn::Store(hn::Set(d, key0), d, lanes0[r]);
      hn::Store(hn::Set(d, key1), d, lanes1[r]);
      key0 += kPhiloxKeyStep0;
      key1 += kPhiloxKeyStep1;
    }
  }

  static constexpr size_t kLanes = hn::MaxLanes(Tag64());
  HWY_ALIGN uint64_t lanes0[kPhiloxRounds][kLanes];
  HWY_ALIGN uint64_t lanes1[kPhiloxRounds][kLanes];
  uint32_t word0[kPhiloxRounds];
  uint32_t word1[kPhiloxRounds];
};

// The terms of the first three rounds that depend only on the row. The counter
// (block, row, layer, stream) is c0 … c3, with a prime for each round:
//
//   round 1:  c2'   = high(A·block) ^ [stream ^ k1]     c3'  = low(A·block)
//             c0'   = high(B·layer) ^ row ^ k0          c1'  = low(B·layer)
//   round 2:  c0''  = high(B·c2') ^ [c1' ^ k0]          c1'' = low(B·c2')
//             c2''  = c3' ^ [high(A·c0') ^ k1]          c3'' = low(A·c0')
//   round 3:  c2''' = high(A·c0'') ^ [c3'' ^ k1]        and so on
//
// The members are the terms in brackets.
struct PhiloxRowStart {
  PhiloxRowStart(const VariateSource& source, const PhiloxVectorKeys& keys,
                 uint32_t row) {
    const uint64_t b = uint64_t{kPhiloxFactorB} * source.layer;
    const uint32_t c0 = static_cast<uint32_t>(b >> 32) ^ row ^ keys.word0[0];
    const uint64_t a = uint64_t{kPhiloxFactorA} * c0;
    round1_c2 = static_cast<uint32_t>(source.stream) ^ keys.word1[0];
    round2_c0 = static_cast<uint32_t>(b) ^ keys.word0[1];
    round2_c2 = static_cast<uint32_t>(a >> 32) ^ keys.word1[1];
    round3_c2 = static_cast<uint32_t>(a) ^ keys.word1[2];
  }

  uint32_t round1_c2, round2_c0, round2_c2, round3_c2;
};

// A·block for the block of each lane: first + i in lane 2i and first + half + i
// in lane 2i + 1, where half is half the number of lanes. So the words come out
// in the order of the columns without crossing 128-bit lanes.
HWY_INLINE Lanes64 PhiloxProducts(uint32_t first) {
  const Tag64 d;
  HWY_ALIGN uint64_t products[hn::MaxLanes(d)];
  const size_t half = hn::Lanes(d) / 2;
  for (size_t i = 0; i < half; ++i) {
    products[2 * i] = kPhiloxFactorA * (uint64_t{first} + i);
    products[2 * i + 1] = kPhiloxFactorA * (uint64_t{first} + half + i);
  }
  return hn::Load(d, products);
}

// A·(the number of blocks in `vectors` vectors), which advances the products.
HWY_INLINE Lanes64 ProductStep(size_t vectors) {
  const Tag64 d;
  return hn::Set(d, kPhiloxFactorA * uint64_t{vectors * hn::Lanes(d)});
}

// Writes the words of kGroups × lanes blocks, in the order of the columns. The
// groups advance together, because a product takes a few cycles.
template <int kGroups>
HWY_INLINE void PhiloxBlocks(const Lanes64 (&products)[kGroups],
                             const PhiloxRowStart& start,
                             const PhiloxVectorKeys& keys,
                             uint32_t* HWY_RESTRICT out) {
  const Tag64 d;
  const Tag32 d32;
  const Lanes32 factor_a = hn::Set(d32, kPhiloxFactorA);
  const Lanes32 factor_b = hn::Set(d32, kPhiloxFactorB);
  Lanes64 c0[kGroups], c1[kGroups], c2[kGroups], c3[kGroups];
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; ++g) {
    const Lanes64 c2_after1 =
        hn::Xor(High(products[g]), hn::Set(d, start.round1_c2));
    const Lanes64 b2 = LowTimes(c2_after1, factor_b);
    const Lanes64 c0_after2 = hn::Xor(High(b2), hn::Set(d, start.round2_c0));
    const Lanes64 c2_after2 = hn::Xor(products[g], hn::Set(d, start.round2_c2));
    const Lanes64 a3 = LowTimes(c0_after2, factor_a);
    const Lanes64 b3 = LowTimes(c2_after2, factor_b);
    c0[g] = hn::Xor(High(b3), hn::Xor(b2, hn::Load(d, keys.lanes0[2])));
    c1[g] = b3;
    c2[g] = hn::Xor(High(a3), hn::Set(d, start.round3_c2));
    c3[g] = a3;
  }
#pragma GCC unroll 8
  for (int r = 3; r < kPhiloxRounds - 1; ++r) {
#pragma GCC unroll 4
    for (int g = 0; g < kGroups; ++g) {
      const Lanes64 a = LowTimes(c0[g], factor_a);
      const Lanes64 b = LowTimes(c2[g], factor_b);
      c0[g] = hn::Xor(High(b), hn::Xor(c1[g], hn::Load(d, keys.lanes0[r])));
      c1[g] = b;
      c2[g] = hn::Xor(High(a), hn::Xor(c3[g], hn::Load(d, keys.lanes1[r])));
      c3[g] = a;
    }
  }
  // In the last round the high and low halves, swapped, already are the words
  // (c0, c1) and (c2, c3) of a lane, except for an xor of c0 and of c2.
  constexpr int kLast = kPhiloxRounds - 1;
  const Lanes64 low = hn::Set(d, uint64_t{0xffffffff});
#pragma GCC unroll 4
  for (int g = 0; g < kGroups; ++g) {
    const Lanes32 a = hn::BitCast(d32, LowTimes(c0[g], factor_a));
    const Lanes32 b = hn::BitCast(d32, LowTimes(c2[g], factor_b));
    const Lanes64 to_c0 = hn::Xor(c1[g], hn::Load(d, keys.lanes0[kLast]));
    const Lanes64 to_c2 = hn::Xor(c3[g], hn::Load(d, keys.lanes1[kLast]));
    const Lanes64 c01 =
        hn::Xor(hn::BitCast(d, hn::Shuffle2301(b)), hn::And(to_c0, low));
    const Lanes64 c23 =
        hn::Xor(hn::BitCast(d, hn::Shuffle2301(a)), hn::And(to_c2, low));
    hn::StoreU(hn::BitCast(d32, hn::InterleaveLower(c01, c23)), d32,
               out + 2 * g * hn::Lanes(d32));
    hn::StoreU(hn::BitCast(d32, hn::InterleaveUpper(d, c01, c23)), d32,
               out + (2 * g + 1) * hn::Lanes(d32));
  }
}

class PhiloxRows {
 public:
  // Words() writes a multiple of this many.
  static constexpr size_t kRoundUp = 2 * hn::MaxLanes(Tag32());

  explicit PhiloxRows(const VariateSource& source)
      : source_(source), keys_(source.seed) {}

  // out[k] = the word of `row` and column 4·block + k, for k < n and on up to a
  // multiple of kRoundUp.
  HWY_NOINLINE void Words(uint32_t row, uint32_t block, size_t n,
                          uint32_t* HWY_RESTRICT out) const {
    constexpr int kGroups = 4;  // enough to hide the latencies
    const PhiloxRowStart start(source_, keys_, row);
    const size_t words = 2 * hn::Lanes(Tag32());
    const Lanes64 one = ProductStep(1);
    const Lanes64 all = ProductStep(kGroups);
    Lanes64 products[kGroups] = {PhiloxProducts(block)};
    for (int g = 1; g < kGroups; ++g) {
      products[g] = hn::Add(products[g - 1], one);
    }
    size_t i = 0;
    for (; i + kGroups * words <= n; i += kGroups * words) {
      PhiloxBlocks(products, start, keys_, out + i);
      for (Lanes64& product : products) product = hn::Add(product, all);
    }
    for (; i < n; i += words) {
      const Lanes64 next[] = {products[0]};
      PhiloxBlocks(next, start, keys_, out + i);
      products[0] = hn::Add(products[0], one);
    }
  }

 private:
  VariateSource source_;
  PhiloxVectorKeys keys_;
};

#endif  // HWY_TARGET == HWY_SCALAR

}  // namespace HWY_NAMESPACE
}  // namespace initscope
HWY_AFTER_NAMESPACE();

#endif  // per-target include guard
