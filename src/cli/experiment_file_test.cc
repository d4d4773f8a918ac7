#include "cli/experiment_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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

}  // namespace
}  // namespace initscope
