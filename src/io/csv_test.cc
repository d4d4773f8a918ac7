#include "io/csv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "base/error.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

CsvTable Parse(std::string_view text) {
  return ParseCsv(std::vector<uint8_t>(text.begin(), text.end()), "a.csv");
}

std::string Message(std::string_view text) {
  try {
    Parse(text);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kData);
    EXPECT_THAT(error.what(), StartsWith("a.csv:"));
    EXPECT_EQ(std::string(error.what()).find_first_of("\r\n"),
              std::string::npos);
    return error.what();
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
        "1,2\n3,4\n"})
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
  for (const char* word : {"1x", "0x10", "+-1", "++1", "--1", "+", "-", ".",
                           "1e", "\"1\"", "1\r2"})
    EXPECT_THAT(Message("1\n" + std::string(word) + "\n"),
                HasSubstr("is not a number"))
        << word;
  EXPECT_THAT(Message("1\n" + std::string(1000, 'x')), HasSubstr("xxx…'"));
}

TEST(CsvTest, RefusesNumbersOutOfRange) {
  EXPECT_THAT(Message("1,1e999\n"), HasSubstr("out of the range"));
  EXPECT_THAT(Message("1e999\n"), HasSubstr("out of the range"));
}

TEST(CsvTest, RefusesEmptyFieldsAndLines) {
  EXPECT_THAT(Message("1,,3\n"),
              StartsWith("a.csv:1: column 1 (counted from 0) is empty"));
  EXPECT_THAT(Message("1,2\n3,\n"), StartsWith("a.csv:2: column 1"));
  EXPECT_THAT(Message("1,2\n , 3\n"), StartsWith("a.csv:2: column 0"));
  EXPECT_THAT(Message("1\n\n2\n"), StartsWith("a.csv:2: an empty line"));
  EXPECT_THAT(Message("\n1\n"), StartsWith("a.csv:1: an empty line"));
  EXPECT_THAT(Message("1\n  \n"), StartsWith("a.csv:2: an empty line"));
  for (const char* text : {"", "\n", "\r\n\r\n", "\xEF\xBB\xBF"})
    EXPECT_THAT(Message(text), HasSubstr("has no lines")) << text;
}

}  // namespace
}  // namespace initscope
