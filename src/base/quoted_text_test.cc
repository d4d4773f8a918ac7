#include "base/quoted_text.h"

#include <gtest/gtest.h>

namespace initscope {
namespace {

TEST(IsUtf8, AsRfc3629) {
  for (const char* text : {"", "a", "é", "…", "𝄞", "\xED\x9F\xBF",
                           "\xEF\xBF\xBD", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_TRUE(IsUtf8(text)) << text;
  }
  for (const char* text :
       {"\x80", "\xC3", "a\xE2\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF",
        "\xED\xA0\x80", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80",
        "\xFF", "\xE9t\xE9", "\xC3("}) {
    EXPECT_FALSE(IsUtf8(text)) << Quoted(text);
  }
}

TEST(Quoted, IsShortAndKeepsCharactersWhole) {
  EXPECT_EQ(Quoted("abc"), "abc");
  EXPECT_EQ(Quoted("abcd", 4), "abcd");
  EXPECT_EQ(Quoted("abcde", 4), "abcd…");
  EXPECT_EQ(Quoted("abcé", 4), "abc…");
  EXPECT_EQ(Quoted("abé", 4), "abé");
  EXPECT_LT(Quoted(std::string(1 << 20, 'x')).size(), 50u);
  for (size_t most = 0; most < 20; ++most) {
    EXPECT_TRUE(IsUtf8(Quoted("aé…𝄞é…𝄞", most)));
  }
}

TEST(Quoted, IsOneLineOfUtf8) {
  EXPECT_EQ(Quoted("a\nb\x7f\x1b[31m\t"), "a?b??[31m?");
  EXPECT_EQ(Quoted("caf\xE9"), "caf\\xe9");
  for (int byte = 0; byte < 256; ++byte) {
    const std::string quoted = Quoted(std::string(3, static_cast<char>(byte)));
    EXPECT_TRUE(IsUtf8(quoted));
    EXPECT_EQ(quoted.find('\n'), std::string::npos);
  }
}

TEST(Printable, ShowsAllAndObeysNothing) {
  const std::string shown =
      "δ → χ₁ ≥ √2 \u00a0 e\u0301 " + std::string(99, 'x');
  EXPECT_EQ(Printable(shown), shown);
  EXPECT_EQ(Printable("\u009b31m\u0080\u009f"), "?31m??");  // CSI in one
  EXPECT_EQ(Printable("a\u202eb\u2066c\u2028d\ufeff\u200f"), "a?b?c?d??");
  EXPECT_EQ(Printable(std::string("a\0b", 3)), "a?b");
  EXPECT_EQ(Printable("\x9b"), "\\x9b");
}

}  // namespace
}  // namespace initscope
