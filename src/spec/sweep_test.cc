#include "spec/sweep.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

ExperimentText Text(const std::vector<Setting>& common) {
  ExperimentText text;
  text.name = "test";
  text.common = common;
  return text;
}

std::vector<std::string> Values(const std::string& key,
                                const std::string& text) {
  return ParseValueList(*FindKey(key), text, "here");
}

std::string ErrorOf(const std::function<void()>& action) {
  try {
    action();
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(ParseValueList, ListsAndRanges) {
  EXPECT_THAT(Values("init", "zero, he_normal"),
              ElementsAre("zero", "he_normal"));
  EXPECT_THAT(Values("seed", "range(0, 3)"), ElementsAre("0", "1", "2"));
  EXPECT_THAT(Values("seed", "range(2)"), ElementsAre("0", "1"));
  EXPECT_THAT(Values("seed", "7, range(1, 6, 2)"),
              ElementsAre("7", "1", "3", "5"));
  EXPECT_THAT(Values("gain", "linspace(0.5, 2.5, 5)"),
              ElementsAre("0.5", "1", "1.5", "2", "2.5"));
  EXPECT_THAT(Values("gain", "linspace(1, 2, 1)"), ElementsAre("1"));
  EXPECT_THAT(Values("width", "geomspace(64, 4096, 7)"),
              ElementsAre("64", "128", "256", "512", "1024", "2048", "4096"));
  EXPECT_THAT(Values("width", "geomspace(10, 20, 3)"),
              ElementsAre("10", "14", "20"));
  EXPECT_THAT(Values("gain", "geomspace(1, 1000, 4)"),
              ElementsAre("1", "10", "100", "1000"));
  EXPECT_THAT(Values("gain", "geomspace(-1, -100, 3)"),
              ElementsAre("-1", "-10", "-100"));
  // As numpy.linspace(0.5, 2.5, 41)[7], rounding included.
  EXPECT_EQ(Values("gain", "linspace(0.5, 2.5, 41)")[7], "0.8500000000000001");
  EXPECT_THAT(Values("gain", "range(3, 0, -1)"), ElementsAre("3", "2", "1"));
}

TEST(ParseValueList, QuotationMarksKeepItemsTogether) {
  EXPECT_THAT(Values("input", "\"a,b.csv\", c.csv , \"d (1.csv\""),
              ElementsAre("a,b.csv", "c.csv", "d (1.csv"));
  EXPECT_THAT(Values("input", "\"say \"\"x\"\", y\""),
              ElementsAre("say \"x\", y"));
  // As they were: marks within an item, or without an end.
  EXPECT_THAT(Values("input", "a\"b,c"), ElementsAre("a\"b", "c"));
  EXPECT_THAT(Values("input", "\"a,b"), ElementsAre("\"a", "b"));
  EXPECT_THAT(Values("input", "\"a\"b,c"), ElementsAre("\"a\"b", "c"));
  EXPECT_THAT(Values("input", "data (1).csv"), ElementsAre("data (1).csv"));
}

TEST(ParseValueList, RefusesNonsense) {
  const auto error = [](const char* key, const char* text) {
    return ErrorOf([&] { Values(key, text); });
  };
  EXPECT_THAT(error("gain", "1,,2"), HasSubstr("empty item"));
  EXPECT_THAT(error("gain", "linspace(1, 2"), HasSubstr("parentheses"));
  EXPECT_THAT(error("gain", "linspace(1, 2)"), HasSubstr("count"));
  EXPECT_THAT(error("gain", "linspace(1, x, 3)"), HasSubstr("'x'"));
  EXPECT_THAT(error("gain", "range(0, 0)"), HasSubstr("empty"));
  EXPECT_THAT(error("gain", "range(0, 1, 0)"), HasSubstr("step is 0"));
  EXPECT_THAT(error("gain", "geomspace(0, 1, 3)"), HasSubstr("nonzero"));
  EXPECT_THAT(error("seed", "range(0, 1e12)"), HasSubstr("more than"));
  EXPECT_THAT(error("seed", "range(0.5, 2)"), HasSubstr("whole number"));
}

TEST(ExpandSweep, IsTheProductWithTheLastKeyFastest) {
  const Sweep sweep = ExpandSweep(Text({{"activation", "tanh, relu", "f:1"},
                                        {"seed", "range(0, 3)", "f:2"},
                                        {"depth", "4", "f:3"}}));
  ASSERT_EQ(sweep.size(), 6u);
  EXPECT_EQ(sweep.Point(1).at("activation").text, "tanh");
  EXPECT_EQ(sweep.Point(1).at("seed").text, "1");
  EXPECT_EQ(sweep.Point(3).at("activation").text, "relu");
  EXPECT_EQ(sweep.Point(5).at("depth").text, "4");
  EXPECT_EQ(sweep.Point(5).at("depth").where, "f:3");
  EXPECT_THAT(sweep.swept, ElementsAre("activation", "seed"));
}

TEST(ExpandSweep, SectionsAreAUnionOnTopOfTheCommonKeys) {
  ExperimentText text = Text({{"seed", "0, 1", "f:1"}, {"gain", "2", "f:2"}});
  text.sections = {{"a", "f:3", {{"activation", "relu", "f:4"}}},
                   {"b", "f:5", {{"gain", "3", "f:6"}}}};
  const Sweep sweep = ExpandSweep(text);
  ASSERT_EQ(sweep.size(), 4u);
  EXPECT_EQ(sweep.Point(0).at("activation").text, "relu");
  EXPECT_EQ(sweep.Point(0).at("gain").text, "2");
  EXPECT_EQ(sweep.Point(2).at("gain").text, "3");
  EXPECT_FALSE(sweep.Point(2).contains("activation"));
}

TEST(ExpandSweep, FlagsOverrideEverything) {
  ExperimentText text = Text({{"gain", "2", "f:2"}});
  text.sections = {{"a", "f:3", {{"gain", "3", "f:4"}}}};
  text.flags = {{"gain", "5", "--gain"}, {"jobs", "1", "--jobs"}};
  const Sweep sweep = ExpandSweep(text);
  ASSERT_EQ(sweep.size(), 1u);
  EXPECT_EQ(sweep.Point(0).at("gain").text, "5");
  EXPECT_EQ(sweep.experiment.at("jobs").text, "1");
}

TEST(ExpandSweep, RefusesContradictions) {
  const auto error = [](const std::vector<Setting>& settings) {
    return ErrorOf([&] { ExpandSweep(Text(settings)); });
  };
  EXPECT_THAT(error({{"activatoin", "tanh", "f:1"}}),
              HasSubstr("f:1: unknown key 'activatoin'; did you mean "
                        "'activation'?"));
  EXPECT_THAT(error({{"gain", "1", "f:1"}, {"gain", "2", "f:9"}}),
              HasSubstr("f:9: gain is given twice (first at f:1)"));
  EXPECT_THAT(error({{"shape", "2x2", "f:1"}, {"width", "3", "f:2"}}),
              HasSubstr("f:1: shape names every width"));
  EXPECT_THAT(
      error({{"seed", "range(0, 1000000)", "f:1"}, {"gain", "1, 2", "f:2"}}),
      HasSubstr("2e+06 runs"));
  EXPECT_THAT(error({{"gain", "", "f:1"}}), HasSubstr("no value"));
}

TEST(ExpandSweep, KeysBelongToCommands) {
  const ExperimentText text = Text({{"d_k", "4", "a.ini:1"}});
  EXPECT_THAT(
      ErrorOf([&] { ExpandSweep(text); }),
      HasSubstr(
          "a.ini:1: d_k is a key of attention, gradcheck, and run does not "
          "take it; remove it or use attention"));
  const CommandContext attention = {"attention", kAttention};
  EXPECT_EQ(ExpandSweep(text, attention).size(), 1u);
  EXPECT_THAT(
      ErrorOf([&] {
        ExpandSweep(Text({{"gain", "1", "a.ini:1"}, {"depth", "4", "a.ini:2"}}),
                    attention);
      }),
      HasSubstr("a.ini:2: depth is a key of run, theory, train, plan, trace, "
                "gradcheck, and attention does not take it"));
  // What is proposed is a key of the command that asks.
  EXPECT_THAT(ErrorOf([&] {
                ExpandSweep(Text({{"dk", "4", "b"}}), attention);
              }),
              HasSubstr("did you mean 'd_k'?"));
  EXPECT_THAT(ErrorOf([&] {
                ExpandSweep(Text({{"dk", "4", "b"}}));
              }),
              testing::Not(HasSubstr("d_k")));
}

}  // namespace
}  // namespace initscope
