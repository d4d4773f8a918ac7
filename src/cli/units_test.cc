#include "cli/units.h"

#include <gtest/gtest.h>

namespace initscope {
namespace {

TEST(ParseBytes, TakesWhatBytesTextSays) {
  EXPECT_EQ(ParseBytes("100"), 100);
  EXPECT_EQ(ParseBytes("2G"), 2.0 * (1 << 30));
  EXPECT_EQ(ParseBytes("1.5 MiB"), 1.5 * (1 << 20));
  EXPECT_EQ(ParseBytes("512k"), 512.0 * 1024);
  EXPECT_EQ(ParseBytes("512 kB"), 512.0 * 1024);
  EXPECT_EQ(ParseBytes(BytesText(3 << 20)), 3.0 * (1 << 20));
}

TEST(ParseBytes, RefusesTheRest) {
  for (const char* text : {"", "G", "-1G", "0", "1X", "1 GB GB", "1 GBi", "1e9",
                           "nan", "inf", "1..5G"}) {
    EXPECT_FALSE(ParseBytes(text)) << text;
  }
}

}  // namespace
}  // namespace initscope
