#include "cli/experiment_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "base/error.h"

namespace initscope {
namespace {

using testing::HasSubstr;

std::string ErrorOf(const std::string& content) {
  try {
    ParseExperiment(content, "dir/file.ini");
  } catch (const UserError& error) {
    return error.what();
  }
  return "no error";
}

TEST(ParseExperiment, KeysCommentsAndSections) {
  const ExperimentText text = ParseExperiment(
      "\xEF\xBB\xBF# comment\r\n"
      "activation = tanh, relu  # two\r\n"
      "  input=a#b.csv\n"
      "\n"
      "[first part]\n"
      "gain = 2\n"
      "\t# another\n"
      "[second]",
      "dir/file.ini");
  EXPECT_EQ(text.name, "file");
  ASSERT_EQ(text.common.size(), 2u);
  EXPECT_EQ(text.common[0].key, "activation");
  EXPECT_EQ(text.common[0].text, "tanh, relu");
  EXPECT_EQ(text.common[0].where, "dir/file.ini:2");
  EXPECT_EQ(text.common[1].text, "a#b.csv");
  ASSERT_EQ(text.sections.size(), 2u);
  EXPECT_EQ(text.sections[0].name, "first part");
  EXPECT_EQ(text.sections[0].settings[0].where, "dir/file.ini:6");
  EXPECT_TRUE(text.sections[1].settings.empty());
}

TEST(ParseExperiment, RefusesOtherLines) {
  EXPECT_THAT(ErrorOf("a = 1\njust words\n"),
              HasSubstr("dir/file.ini:2: 'just words' is not 'key = value'"));
  EXPECT_THAT(ErrorOf("= 3\n"), HasSubstr("file.ini:1"));
  EXPECT_THAT(ErrorOf("[open\n"), HasSubstr("[name]"));
  EXPECT_THAT(ErrorOf("[]\n"), HasSubstr("[name]"));
  EXPECT_THAT(ErrorOf("[a]\n[b]\n[a]\n"), HasSubstr("file.ini:3: section [a]"));
  EXPECT_THAT(ErrorOf("\x01\x02\n"), HasSubstr("is not 'key = value'"));
}

TEST(ParseExperiment, ANumberSignInQuotationMarksIsNoComment) {
  const ExperimentText text = ParseExperiment(
      "input = \"a #1.csv\", b  # \"two\"\nname = it\"s # \"x\"\n", "f");
  EXPECT_EQ(text.common[0].text, "\"a #1.csv\", b");
  EXPECT_EQ(text.common[1].text, "it\"s");
}

TEST(ParseExperiment, TakesUtf8Alone) {
  EXPECT_THAT(ErrorOf("name = caf\xE9\n"),
              HasSubstr("file.ini:1: 'name = caf\\xe9' is not UTF-8"));
  EXPECT_THAT(ErrorOf("\n[\xED\xA0\x80]\n"), HasSubstr("file.ini:2: "));
  EXPECT_THAT(ErrorOf("\xC3 = 1\n"), HasSubstr("is not UTF-8"));
  // A comment is nowhere stored.
  EXPECT_EQ(ErrorOf("# caf\xE9\nname = caf\u00e9  # \xE9\n"), "no error");
}

TEST(ParseExperiment, SaysWhatOtherFilesAre) {
  EXPECT_THAT(ErrorOf("PK\x03\x04..."), HasSubstr("PyTorch's .pt"));
  EXPECT_THAT(ErrorOf("\x89HDF\r\n\x1a\n..."),
              HasSubstr("'initscope info dir/file.ini' says what"));
  EXPECT_THAT(ErrorOf(std::string(512, 'x') + "\x89HDF\r\n\x1a\n"),
              HasSubstr("an HDF5 file, not an experiment"));
  EXPECT_THAT(ErrorOf("\x93NUMPY"), HasSubstr("input = dir/file.ini takes"));
  EXPECT_THAT(ErrorOf(std::string("\0\0\x08\1\0", 5)),
              HasSubstr("an IDX array"));
  EXPECT_THAT(ErrorOf("\x1f\x8b"), HasSubstr("gzip data"));
  EXPECT_THAT(ErrorOf("%PDF-1.7"), HasSubstr("a PDF document"));
}

TEST(ParseExperiment, ManySectionsTakeNoTime) {
  std::string text;
  for (int i = 0; i < 80000; ++i) text += "[s" + std::to_string(i) + "]\n";
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(ErrorOf(text + "[s7]\n"),
              HasSubstr("file.ini:80001: section [s7] is there already "
                        "(dir/file.ini:8)"));
  const std::chrono::duration<double> spent =
      std::chrono::steady_clock::now() - begin;
  EXPECT_LT(spent.count(), 3);  // 0.1 s; once 14 s
}

}  // namespace
}  // namespace initscope
