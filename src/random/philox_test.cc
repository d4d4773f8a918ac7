#include "random/philox.h"

#include <gtest/gtest.h>

#include <bit>

namespace initscope {
namespace philox_test {

// The lines "philox4x32 10" of kat_vectors in the paper's code, Random123
// (github.com/DEShawResearch/random123). Keys there: low word first.
TEST(Philox, GivesThePublishedVectors) {
  EXPECT_EQ(Philox4x32({0, 0, 0, 0}, 0),
            (PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                       0xffffffffffffffff),
            (PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  // Digits of pi: the key's words are a4093822 and 299f31d0.
  EXPECT_EQ(Philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
                       0x299f31d0a4093822),
            (PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Philox, IsAConstantExpression) {
  static_assert(Philox4x32({0, 0, 0, 0}, 0)[0] == 0x6627e8d5);
}

// Each of the 192 bits of counter and key turns about half of the 128 bits of
// the block: of 64 ± 5.7 (a binomial's standard deviation, √(128/4)) we allow
// 6 standard deviations.
TEST(Philox, EveryBitOfCounterAndKeyCounts) {
  const PhiloxBlock counter = {1, 2, 3, 4};
  const uint64_t key = 5;
  const PhiloxBlock base = Philox4x32(counter, key);
  for (unsigned bit = 0; bit < 192; ++bit) {
    PhiloxBlock other_counter = counter;
    uint64_t other_key = key;
    if (bit < 128) {
      other_counter[bit / 32] ^= 1u << (bit % 32);
    } else {
      other_key ^= uint64_t{1} << (bit - 128);
    }
    const PhiloxBlock other = Philox4x32(other_counter, other_key);
    int changed = 0;
    for (size_t i = 0; i < 4; ++i) changed += std::popcount(base[i] ^ other[i]);
    EXPECT_GE(changed, 64 - 34) << "bit " << bit;
    EXPECT_LE(changed, 64 + 34) << "bit " << bit;
  }
}

}  // namespace philox_test
}  // namespace initscope
