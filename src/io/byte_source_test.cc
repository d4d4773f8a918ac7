#include "io/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string_view>

#include "io/gzip_test.h"

namespace initscope {
namespace {

using testing::HasSubstr;

std::vector<uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

class ByteSourceTest : public testing::Test {
 protected:
  ByteSourceTest()
      : path_(testing::TempDir() + "byte_source_" + std::to_string(getpid()) +
              testing::UnitTest::GetInstance()->current_test_info()->name()) {}
  ~ByteSourceTest() override {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  void Write(std::string_view content) {
    std::ofstream(path_, std::ios::binary | std::ios::trunc) << content;
  }

  // The message of the error that reading gives.
  std::string Message() {
    try {
      ByteSource(path_).ReadAll();
    } catch (const UserError& error) {
      EXPECT_EQ(error.code(), ExitCode::kData);
      EXPECT_THAT(error.what(), testing::StartsWith(path_ + ": "));
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
      return error.what();
    }
    return "no error";
  }

  const std::string path_;
};

TEST_F(ByteSourceTest, ReadsPlainBytes) {
  const std::string content("\0\x01gz\n\xff", 6);
  Write(content);
  EXPECT_EQ(ByteSource(path_).ReadAll(), Bytes(content));
}

TEST_F(ByteSourceTest, GunzipsByContentWhateverTheName) {
  Write(Gzip("abc"));
  EXPECT_EQ(ByteSource(path_).ReadAll(), Bytes("abc"));
}

TEST_F(ByteSourceTest, GunzipsAllMembersBeyondTheHint) {
  // The trailer of the last member says 1 byte.
  const std::string zeros(3000000, '\0');
  Write(Gzip(zeros) + Gzip("") + Gzip("x"));
  EXPECT_EQ(ByteSource(path_).ReadAll(), Bytes(zeros + "x"));
}

TEST_F(ByteSourceTest, ReadsAPipe) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const std::string content(100000, 'a');
  const pid_t child = fork();
  if (child == 0) {
    std::ofstream(path_) << content;
    _exit(0);
  }
  EXPECT_EQ(ByteSource(path_).ReadAll(), Bytes(content));
}

TEST_F(ByteSourceTest, RefusesWhatIsNoFile) {
  EXPECT_THAT(Message(), HasSubstr("No such file"));
  std::filesystem::create_directory(path_);
  EXPECT_THAT(Message(), HasSubstr("directory"));
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(path_, path_);
  EXPECT_THAT(Message(), HasSubstr("symbolic links"));
}

// Root reads everything: it does without its rights here.
TEST_F(ByteSourceTest, RefusesAnUnreadableFile) {
  Write("abc");
  chmod(path_.c_str(), 0);
  const uid_t user = geteuid();
  constexpr uid_t kNobody = 65534;
  if (user == 0) {
    ASSERT_EQ(seteuid(kNobody), 0);
  }
  const std::string message = Message();
  if (user == 0) {
    ASSERT_EQ(seteuid(user), 0);
  }
  EXPECT_THAT(message, HasSubstr("Permission denied"));
}

TEST_F(ByteSourceTest, RefusesEmptyContent) {
  Write("");
  EXPECT_THAT(Message(), HasSubstr("is empty"));
  Write(Gzip(""));
  EXPECT_THAT(Message(), HasSubstr("is empty"));
}

TEST_F(ByteSourceTest, RefusesEveryPrefixOfAGzipFile) {
  const std::string gzip = Gzip("some text, some more text");
  for (size_t size = 2; size < gzip.size(); ++size) {
    Write(gzip.substr(0, size));
    EXPECT_THAT(Message(), HasSubstr("cut short")) << size;
  }
  for (size_t size = 1; size < gzip.size(); ++size) {
    Write(gzip + gzip.substr(0, size));
    EXPECT_THAT(Message(), HasSubstr(size == 1 ? "follow" : "cut short"))
        << size;
  }
}

TEST_F(ByteSourceTest, RefusesCorruptGzip) {
  const std::string gzip = Gzip("some text, some more text");
  for (const size_t at :
       {size_t{2}, size_t{12}, gzip.size() - 7, gzip.size() - 2}) {
    std::string damaged = gzip;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    Write(damaged);
    EXPECT_NE(Message(), "no error") << at;
  }
  std::string damaged = gzip;
  damaged[gzip.size() - 7] ^= 1;  // in the checksum
  Write(damaged);
  EXPECT_THAT(Message(), HasSubstr("corrupt (incorrect data check)"));
}

TEST_F(ByteSourceTest, RefusesWhatFollowsGzip) {
  Write(Gzip("abc") + "rest");
  EXPECT_THAT(Message(), HasSubstr("4 bytes of something else follow"));
}

}  // namespace
}  // namespace initscope
