#include "cli/json_text.h"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace initscope {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

TEST(JsonText, NonFiniteNumbersAreStringsAtEveryDepth) {
  const nlohmann::ordered_json json = {
      {"b", kInfinity}, {"a", {-kInfinity, {{"c", kNaN}, {"d", -kNaN}}, 0.5}}};
  EXPECT_EQ(JsonText(json),
            "{\n  \"b\": \"inf\",\n  \"a\": [\n    \"-inf\",\n    {\n"
            "      \"c\": \"NaN\",\n      \"d\": \"NaN\"\n    },\n    0.5\n"
            "  ]\n}\n");
}

TEST(JsonText, AnythingElseStaysAsItIs) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  const nlohmann::ordered_json json = {kLargest, 5e-324, 1, true, "nan"};
  EXPECT_EQ(nlohmann::ordered_json::parse(JsonText(json)), json);
  EXPECT_EQ(JsonText(kNaN), "\"NaN\"\n");
}

}  // namespace
}  // namespace initscope
