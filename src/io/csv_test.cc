#include "io/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "base/error.h"
#include "base/file_tree_test.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

CsvTable Parse(std::string_view text, const std::string& label_column = {}) {
  const FileTree tree({{"a.csv", std::string(text)}});
  ByteSource source(tree.root() / "a.csv");
  return ReadCsv(&source, {.label_column = label_column});
}

std::string Message(std::string_view text) {
  try {
    Parse(text);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kData);
    EXPECT_THAT(error.what(), HasSubstr("/a.csv:"));
    const std::string what = error.what();
    EXPECT_EQ(what.find_first_of("\r\n"), std::string::npos);
    return what.substr(what.find("a.csv"));  // without the folder
  }
  return "no error";
}

TEST(CsvTest, ReadsRowsWithoutAHeader) {
  const CsvTable table = Parse("1,2\n3,4\n");
  EXPECT_THAT(table.columns, IsEmpty());
  EXPECT_THAT(table.array.shape, ElementsAre(2, 2));
  EXPECT_THAT(table.array.reals, ElementsAre(1, 2, 3, 4));
  // hashlib.sha256(np.array([[1., 2], [3, 4]]).tobytes())
  EXPECT_EQ(table.array.sha256,
            "6bab56d2f81d4b5a2dbf102bf6a6ff7d5211a475fc5f97813f977e8ba714b07d");
}

TEST(CsvTest, LineEndsDoNotMatter) {
  const std::string sha256 = Parse("1,2\n3,4\n").array.sha256;
  for (const char* text :
       {"1,2\n3,4", "1,2\r\n3,4\r\n", "1,2\r\n3,4", "1,2\n3,4\n\n\r\n",
        "\xEF\xBB\xBF"
        "1,2\n3,4\n",
        "1,2\r3,4\r", "1,2\r3,4", "1,2\r3,4\r\n\r"})
    EXPECT_EQ(Parse(text).array.sha256, sha256) << text;
}

TEST(CsvTest, ReadsNumbersAsWritten) {
  EXPECT_THAT(Parse("+1, -2.5 ,\t1e-3,+.5,4.,1E+2\n").array.reals,
              ElementsAre(1, -2.5, 1e-3, .5, 4, 100));
  const CsvTable table = Parse("nan,inf\n-inf,+inf\n");
  EXPECT_THAT(table.columns, IsEmpty());
  EXPECT_TRUE(std::isnan(table.array.reals[0]));
  EXPECT_EQ(table.array.reals[2], -INFINITY);
  EXPECT_EQ(Parse("0.1").array.reals[0], 0.1);
}

TEST(CsvTest, ReadsAHeader) {
  const CsvTable table = Parse("x1, label \n1,2\n3,4\n");
  EXPECT_THAT(table.columns, ElementsAre("x1", "label"));
  EXPECT_THAT(table.array.reals, ElementsAre(1, 2, 3, 4));
}

TEST(CsvTest, UnquotesTheHeader) {
  EXPECT_THAT(Parse("\"a\", \"b,c\" ,\"d\"\"e\",\"1\"\r\n1,2,3,4\r\n").columns,
              ElementsAre("a", "b,c", "d\"e", "1"));
  EXPECT_THAT(Message("\"a,b\n1,2\n"), HasSubstr("quotation mark is missing"));
  EXPECT_THAT(Message("\"a\"x,b\n1,2\n"), HasSubstr("a comma is missing"));
}

TEST(CsvTest, AHeaderAloneHasNoRows) {
  EXPECT_THAT(Parse("a,b\n").array.shape, ElementsAre(0, 2));
}

TEST(CsvTest, RefusesNamelessColumns) {
  EXPECT_THAT(Message(",a,b\n0,1,2\n"),
              StartsWith("a.csv:1: column 0 (counted from 0) has no name"));
  EXPECT_THAT(Message("a,b,\n0,1,2\n"), HasSubstr("column 2 (counted from 0)"));
  EXPECT_THAT(Message("a,\"\"\n0,1\n"), HasSubstr("column 1 (counted from 0)"));
}

TEST(CsvTest, RefusesRaggedRows) {
  EXPECT_THAT(Message("1,2\n3,4\n5\n"),
              StartsWith("a.csv:3: a row of 1 fields, but line 1 has 2"));
  EXPECT_THAT(Message("a,b\n3,4,5\n"),
              StartsWith("a.csv:2: a row of 3 fields"));
}

TEST(CsvTest, RefusesWords) {
  EXPECT_THAT(Message("1,2\n3,four\n"),
              StartsWith("a.csv:2: column 1 (counted from 0): 'four' is not"));
  EXPECT_THAT(Message("1,b\n3,4\n"),
              StartsWith("a.csv:1: column 1 (counted from 0): 'b' is not"));
  EXPECT_THAT(Message("a;b\n1;2\n"), HasSubstr("separated by commas"));
  EXPECT_THAT(Message("1,2\n3 4,5\n"), HasSubstr("separated by commas"));
  EXPECT_THAT(Message("1\n# no comments\n"), HasSubstr("'# no comments'"));
  for (const char* word :
       {"1x", "0x10", "+-1", "++1", "--1", "+", "-", ".", "1e", "1\"1\""})
    EXPECT_THAT(Message("1\n" + std::string(word) + "\n"),
                HasSubstr("is not a number"))
        << word;
  EXPECT_THAT(Message("1\n" + std::string(1000, 'x')), HasSubstr("xxx…'"));
}

TEST(CsvTest, RefusesNumbersOutOfRange) {
  EXPECT_THAT(Message("1,1e999\n"), HasSubstr("out of the range"));
  EXPECT_THAT(Message("1e999\n"), HasSubstr("out of the range"));
}

TEST(CsvTest, WhatIsTooSmallIsZero) {
  EXPECT_THAT(Parse("1e-400,-1e-999,5e-324\n").array.reals,
              ElementsAre(0, 0, 5e-324));
}

TEST(CsvTest, ReadsQuotedNumbers) {
  EXPECT_THAT(Parse("a,b\n\"1\", \"-2.5\" \n3,\"4\"\n").array.reals,
              ElementsAre(1, -2.5, 3, 4));
  const CsvTable rows = Parse("\"1\",\"2\"\n\"3\",\"4\"\n");
  EXPECT_THAT(rows.columns, IsEmpty());
  EXPECT_THAT(rows.array.reals, ElementsAre(1, 2, 3, 4));
  // Above numbers without them they are names.
  EXPECT_THAT(Parse("\"2019\",\"2020\"\n1.5,2\n").columns,
              ElementsAre("2019", "2020"));
  EXPECT_THAT(Message("1\n\"x\"\n"), HasSubstr("is not a number"));
  EXPECT_THAT(Message("1\n\"1\n"), HasSubstr("quotation mark is missing"));
  EXPECT_THAT(Message("1\n\"1\"2\n"), HasSubstr("comma is missing"));
}

TEST(CsvTest, RefusesAHeaderThatCounts) {
  for (const char* text :
       {"0,1,2\n0.5,0.25,1\n", "0,1\n1,0\n", "\"0\",\"1\"\n\"5\",\"6\"\n",
        "0,1,2\r\n5,6,7\r\n", "0 , 1\n2,3\n", "0,1\n"}) {
    EXPECT_THAT(Message(text), StartsWith("a.csv:1: line 1 (0, …, ")) << text;
    EXPECT_THAT(Message(text), HasSubstr("header=False")) << text;
  }
  // 1 … n, or years, are a header where no number below is whole.
  EXPECT_THAT(Message("1,2,3\n0.5,0.1,1e-3\n"), HasSubstr("counts the col"));
  EXPECT_THAT(Message("2019,2020,2021\n.5,.1,1.0\n"), HasSubstr("counts"));
  for (const char* text :
       {"1,2,3\n4,5,6\n", "0.0,1\n0.5,2\n", "1,0\n0.5,2.5\n", "0,2\n1,2\n",
        "1,2,3\n0.5,1,2\n", "0\n1\n", "1,2,3\n", "0,0,1\n0,1,0\n"}) {
    EXPECT_THAT(Parse(text).doubt, IsEmpty()) << text;
  }
  EXPECT_THAT(Parse("0\n0.5\n").doubt, HasSubstr("counts the columns"));
}

TEST(CsvTest, RefusesAHeaderOfWhatIsMissing) {
  EXPECT_THAT(Message("NA,NA\n1,2\n"), HasSubstr("'NA' stands for what is"));
  EXPECT_THAT(Message("?,-\n1,2\n"), HasSubstr("missing"));
}

TEST(CsvTest, KeepsTheFieldsOfTheLabelColumn) {
  const CsvTable table =
      Parse("x, \"kind\",y\n1,cat,2\n3,\"dog, big\",4\n", "kind");
  EXPECT_THAT(table.columns, ElementsAre("x", "y"));
  EXPECT_THAT(table.array.reals, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(table.array.shape, ElementsAre(2, 2));
  EXPECT_THAT(table.labels, ElementsAre("cat", "dog, big"));
  EXPECT_EQ(table.labels_line, 2u);
}

TEST(CsvTest, ReadsLinesLongerThanItsBuffer) {
  for (const size_t width : {size_t{100}, size_t{300000}}) {
    for (const char* end : {"\n", "\r\n", "\r"}) {
      std::string text;
      for (int row = 0; row < 5; ++row) {
        for (size_t j = 0; j < width; ++j) text += j == 0 ? "1.5" : ",2";
        text += end;
      }
      const CsvTable table = Parse(text);
      EXPECT_THAT(table.array.shape, ElementsAre(5, width));
      EXPECT_EQ(table.array.reals[4 * width], 1.5);
    }
  }
  // A line's end at every place of a piece's.
  std::string text;
  for (size_t i = 0; i < 60000; ++i)
    text += std::string(i % 7 + 1, '1') + "\r\n";
  EXPECT_EQ(Parse(text).array.shape[0], 60000u);
}

TEST(CsvTest, RefusesBinaryAtOnce) {
  EXPECT_THAT(Message(std::string("1,2\n3,\0\n", 8)),
              StartsWith("a.csv:2: a zero byte"));
  EXPECT_THAT(Message(std::string(1 << 20, '\0')), HasSubstr("a zero byte"));
}

TEST(CsvTest, RefusesEmptyFieldsAndLines) {
  EXPECT_THAT(Message("1,,3\n"),
              StartsWith("a.csv:1: column 1 (counted from 0) is empty"));
  EXPECT_THAT(Message("1,2\n3,\n"), StartsWith("a.csv:2: column 1"));
  EXPECT_THAT(Message("1,2\n , 3\n"), StartsWith("a.csv:2: column 0"));
  EXPECT_THAT(Message("1\n\n2\n"), StartsWith("a.csv:2: an empty line"));
  EXPECT_THAT(Message("\n1\n"), StartsWith("a.csv:1: an empty line"));
  EXPECT_THAT(Message("1\n  \n"), StartsWith("a.csv:2: an empty line"));
  for (const char* text : {"\n", "\r\n\r\n", "\xEF\xBB\xBF"})
    EXPECT_THAT(Message(text), HasSubstr("has no lines")) << text;
}

}  // namespace
}  // namespace initscope
