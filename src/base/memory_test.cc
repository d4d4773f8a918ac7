#include "base/memory.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "base/parallel.h"

namespace initscope {
namespace memory_test {

constexpr size_t kMiB = size_t{1} << 20;

bool IsAligned(const void* entries) {
  return reinterpret_cast<uintptr_t>(entries) % kTensorAlignment == 0;
}

TEST(Memory, BlocksAreAlignedAndApart) {
  std::vector<std::pair<char*, size_t>> blocks;
  for (const size_t bytes : {size_t{1}, size_t{100}, size_t{32767},
                             size_t{32768}, size_t{100001}, 3 * kMiB}) {
    for (int i = 0; i < 3; ++i) {
      auto* const block = static_cast<char*>(AllocateTensor(bytes));
      ASSERT_TRUE(IsAligned(block)) << bytes;
      std::memset(block, static_cast<int>(blocks.size()), bytes);
      blocks.emplace_back(block, bytes);
    }
  }
  for (size_t k = 0; k < blocks.size(); ++k) {
    const auto [block, bytes] = blocks[k];
    EXPECT_EQ(block[0], static_cast<char>(k));
    EXPECT_EQ(block[bytes - 1], static_cast<char>(k));
  }
  for (const auto& [block, bytes] : blocks) FreeTensor(block);
  FreeTensor(nullptr);
}

#ifndef __SANITIZE_ADDRESS__  // which has malloc() alone

// What is freed serves the next block, whatever its neighbours were.
TEST(Memory, FreedBlocksAreJoinedAndTakenAgain) {
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(AllocateTensor(kMiB));
  for (const int i : {2, 0, 1}) FreeTensor(blocks[i]);
  void* const large = AllocateTensor(3 * kMiB);
  EXPECT_EQ(large, blocks[0]);
  FreeTensor(large);
  FreeTensor(blocks[3]);
}

TEST(Memory, KnowsWhatItKeepsAndReturnsIt) {
  ReturnFreeTensors();
  const size_t before = FreeTensorMemory();
  void* const low = AllocateTensor(kMiB);
  void* const high = AllocateTensor(64 * kMiB);
  std::memset(high, 1, 64 * kMiB);
  FreeTensor(high);
  EXPECT_GE(FreeTensorMemory(), before + 62 * kMiB);
  ReturnFreeTensors();
  EXPECT_LE(FreeTensorMemory(), before + 2 * kMiB);
  auto* const again = static_cast<char*>(AllocateTensor(64 * kMiB));
  EXPECT_EQ(again, high);
  EXPECT_EQ(again[63 * kMiB], 0);  // is new memory
  FreeTensor(again);
  FreeTensor(low);
}

#endif

TEST(Memory, ServesAllThreads) {
  ParallelFor(200, 8, [](size_t i) {
    const size_t bytes = 20000 + 7919 * i;
    auto* const block = static_cast<char*>(AllocateTensor(bytes));
    std::memset(block, static_cast<int>(i), bytes);
    EXPECT_EQ(block[bytes / 2], static_cast<char>(i));
    FreeTensor(block);
  });
}

}  // namespace memory_test
}  // namespace initscope
