#include "io/closing_line.h"

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/error.h"
#include "base/sha256.h"
#include "io/temporary_folder.h"

namespace initscope {
namespace {

class ClosingLineTest : public testing::Test {
 protected:
  void Write(const std::string& bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
  }

  const TemporaryFolder folder_;
  const std::string path_ = (folder_.path() / "a.h5").string();
};

TEST_F(ClosingLineTest, IsAppended) {
  const std::string bytes(3 << 20, 'x');
  Write(bytes);
  EXPECT_EQ(ReadClosing(path_), Closing::kNone);
  AppendClosingLine(path_, DigestOfFile(path_));
  EXPECT_EQ(ReadClosing(path_), Closing::kRight);
  Write(bytes + ClosingLine(Sha256Hex(bytes)));
  EXPECT_EQ(ReadClosing(path_), Closing::kRight);
  EXPECT_EQ(ClosingLine(Sha256Hex("")).size(), kClosingLineBytes);
}

TEST_F(ClosingLineTest, FindsAnyChange) {
  const std::string bytes = "abc";
  const std::string whole = bytes + ClosingLine(Sha256Hex(bytes));
  // What begins otherwise is no such line.
  constexpr size_t kMark = 18;
  for (size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] ^= 1;
    Write(changed);
    const bool in_mark = at >= bytes.size() && at < bytes.size() + kMark;
    EXPECT_EQ(ReadClosing(path_), in_mark ? Closing::kNone : Closing::kDamaged)
        << at;
  }
  Write(whole.substr(0, whole.size() - 1));
  EXPECT_EQ(ReadClosing(path_), Closing::kDamaged);
}

TEST_F(ClosingLineTest, IsReadOfAFile) {
  EXPECT_THROW(ReadClosing(path_), UserError);
  EXPECT_THROW(DigestOfFile(path_), UserError);
  EXPECT_THROW(AppendClosingLine(path_, Sha256Hex("")), UserError);
}

}  // namespace
}  // namespace initscope
