#include "sweep/store_pace.h"

#include <gtest/gtest.h>

namespace initscope {
namespace {

constexpr double kWeek = 7 * 24 * 3600;

TEST(PartCount, IsThatOfTheClock) {
  double elapsed = 0, next = 100;
  for (int parts = 0; elapsed < kWeek; ++parts) {
    if (elapsed >= next) {
      EXPECT_NEAR(PartCount(elapsed, 0), parts, 0.01 * parts) << elapsed;
      next *= 3;
    }
    elapsed += StorePause(elapsed);
  }
}

TEST(PartCount, IsAFewThousandInAWeek) { EXPECT_LT(PartCount(kWeek, 0), 3000); }

TEST(PartCount, IsThatOfTheSizes) {
  double stored = 0;
  for (int parts = 0; parts < 50; ++parts) {
    EXPECT_NEAR(PartCount(1, stored), std::max(1, parts), 1e-9);
    stored += StoredTogether(stored);
  }
  EXPECT_EQ(PartCount(1, stored + 1e9 * kStoredTogether), 1e9 + 50);
}

}  // namespace
}  // namespace initscope
