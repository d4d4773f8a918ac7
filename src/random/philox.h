// Philox4x32-10, a counter-based random number generator.
//
// Source: Salmon, Moraes, Dror & Shaw, "Parallel random numbers: as easy as
// 1, 2, 3", SC 2011, sections 3.3 and 4. Integers only: the same bits
// everywhere. Tested against the vectors published with the paper's code.
#pragma once

#include <array>
#include <cstdint>

namespace initscope {

using PhiloxBlock = std::array<uint32_t, 4>;

inline constexpr int kPhiloxRounds = 10;
inline constexpr uint32_t kPhiloxFactorA = 0xD2511F53;
inline constexpr uint32_t kPhiloxFactorB = 0xCD9E8D57;
inline constexpr uint32_t kPhiloxKeyStep0 = 0x9E3779B9;  // the golden ratio's
inline constexpr uint32_t kPhiloxKeyStep1 = 0xBB67AE85;  // √3's fraction

// The four random words of a 128-bit counter and a 64-bit key, low words first.
constexpr PhiloxBlock Philox4x32(PhiloxBlock counter, uint64_t key) {
  uint32_t k0 = static_cast<uint32_t>(key);
  uint32_t k1 = static_cast<uint32_t>(key >> 32);
  for (int round = 0; round < kPhiloxRounds; ++round) {
    const uint64_t p0 = uint64_t{kPhiloxFactorA} * counter[0];
    const uint64_t p1 = uint64_t{kPhiloxFactorB} * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ k0,
               static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ k1,
               static_cast<uint32_t>(p0)};
    k0 += kPhiloxKeyStep0;
    k1 += kPhiloxKeyStep1;
  }
  return counter;
}

}  // namespace initscope
