#include "io/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "base/file_tree_test.h"

namespace initscope {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// An IDX file: its type, its extents, then `elements`.
std::vector<uint8_t> Idx(uint8_t type, const std::vector<uint32_t>& shape,
                         const std::vector<uint8_t>& elements) {
  std::vector<uint8_t> content = {0, 0, type,
                                  static_cast<uint8_t>(shape.size())};
  for (const uint32_t extent : shape)
    for (const int shift : {24, 16, 8, 0})
      content.push_back(static_cast<uint8_t>(extent >> shift));
  content.insert(content.end(), elements.begin(), elements.end());
  return content;
}

// `values` as big-endian elements of type T.
template <class T>
std::vector<uint8_t> BigEndian(const std::vector<double>& values) {
  std::vector<uint8_t> bytes;
  for (const double value : values) {
    const T element = static_cast<T>(value);
    uint8_t raw[sizeof(T)];
    std::memcpy(raw, &element, sizeof(T));
    bytes.insert(bytes.end(), std::rbegin(raw), std::rend(raw));
  }
  return bytes;
}

Array ParseIdx(const std::vector<uint8_t>& content) {
  const FileTree tree({{"a.idx", {content.begin(), content.end()}}});
  ByteSource source(tree.root() / "a.idx");
  return ReadIdx(&source);
}

std::string Message(const std::vector<uint8_t>& content) {
  try {
    ParseIdx(content);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kData);
    EXPECT_THAT(error.what(), HasSubstr("/a.idx: "));
    return error.what();
  }
  return "no error";
}

const std::vector<double>& Values() {
  static const std::vector<double> values = {1, 2, 3, 4, 5, 127};
  return values;
}

TEST(IdxTest, ReadsBytes) {
  const Array array = ParseIdx(Idx(0x08, {2, 3}, BigEndian<uint8_t>(Values())));
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_THAT(array.bytes, ElementsAre(1, 2, 3, 4, 5, 127));
  EXPECT_TRUE(array.reals.empty());
  EXPECT_EQ(array.sha256,
            "b666a5f6b41715dfeab27b8e0909f0db094d27ab5b147b462aea4581bfa223c8");
}

TEST(IdxTest, ReadsEveryOtherType) {
  // hashlib.sha256(np.array([[1, 2, 3], [4, 5, 127]], dtype).tobytes())
  const struct {
    uint8_t type;
    std::vector<uint8_t> elements;
    const char* sha256;
  } kFiles[] = {
      {0x09, BigEndian<int8_t>(Values()),
       "b666a5f6b41715dfeab27b8e0909f0db094d27ab5b147b462aea4581bfa223c8"},
      {0x0B, BigEndian<int16_t>(Values()),
       "e5d8b8d303a1d0934bede7abce599e04ab990c2dafef5ca0df7219e31f8e1c4b"},
      {0x0C, BigEndian<int32_t>(Values()),
       "1574eb1c70566566a306cf984c041af6a472addb4112417b9092f5511e8c5ff1"},
      {0x0D, BigEndian<float>(Values()),
       "172c8160beebfbff9bdc6ef5c96a0f1b6d0dd8b4c2635a5145661572ee5e0143"},
      {0x0E, BigEndian<double>(Values()),
       "46acd83b886a96be60f0945641eff591979dbfe54b0cc4a540ab18defdc2c47d"},
  };
  for (const auto& file : kFiles) {
    const Array array = ParseIdx(Idx(file.type, {2, 3}, file.elements));
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_EQ(array.reals, Values()) << int{file.type};
    EXPECT_TRUE(array.bytes.empty());
    EXPECT_EQ(array.sha256, file.sha256) << int{file.type};
  }
}

TEST(IdxTest, KeepsSigns) {
  EXPECT_THAT(ParseIdx(Idx(0x09, {1}, {0xff})).reals, ElementsAre(-1));
  EXPECT_THAT(ParseIdx(Idx(0x0B, {1}, {0xff, 0xfe})).reals, ElementsAre(-2));
  EXPECT_THAT(ParseIdx(Idx(0x0C, {1}, {0x80, 0, 0, 1})).reals,
              ElementsAre(-2147483647.0));
}

TEST(IdxTest, ReadsUpToEightAxes) {
  EXPECT_EQ(ParseIdx(Idx(0x08, std::vector<uint32_t>(8, 1), {5})).shape,
            std::vector<size_t>(8, 1));
  EXPECT_THAT(Message(Idx(0x08, std::vector<uint32_t>(9, 1), {5})),
              HasSubstr("rank 9; it must be 1 to 8"));
  EXPECT_THAT(Message(Idx(0x08, {}, {5})), HasSubstr("rank 0"));
}

TEST(IdxTest, AnEmptyExtentIsAShape) {
  // The product of the others alone would overflow.
  const uint32_t max = 0xffffffff;
  EXPECT_THAT(ParseIdx(Idx(0x08, {max, max, max, 0}, {})).shape,
              ElementsAre(max, max, max, 0));
}

TEST(IdxTest, RefusesAnotherMagic) {
  EXPECT_THAT(Message({'P', 'K', 3, 4, 0, 0, 0, 0}),
              HasSubstr("not an IDX file"));
  EXPECT_THAT(Message({0, 1, 8, 1, 0, 0, 0, 0}), HasSubstr("not an IDX file"));
  EXPECT_THAT(Message(Idx(0x0A, {1}, {5})), HasSubstr("unknown IDX type 0x0a"));
}

TEST(IdxTest, RefusesAnotherSize) {
  EXPECT_THAT(Message(Idx(0x0B, {2, 2}, {1, 2, 3, 4, 5, 6, 7})),
              HasSubstr("2 × 2 elements of 2 bytes, which is 8 bytes, but 7"));
  EXPECT_THAT(Message(Idx(0x0B, {2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9})),
              HasSubstr("which is 8 bytes, but 9 bytes follow"));
  const uint32_t max = 0xffffffff;
  EXPECT_THAT(Message(Idx(0x0E, {max, max, max}, {1, 2})),
              HasSubstr("more than 2^64 bytes, but 2 bytes follow"));
  // 2^64 bytes, which is 0 where it wraps round.
  EXPECT_THAT(Message(Idx(0x08, {1u << 31, 1u << 31, 4}, {})),
              HasSubstr("more than 2^64"));
}

TEST(IdxTest, RefusesEveryPrefix) {
  const std::vector<uint8_t> content =
      Idx(0x0D, {2, 3}, BigEndian<float>(Values()));
  for (size_t size = 0; size < content.size(); ++size) {
    // A copy of its own, so that reading beyond it is caught.
    const std::vector<uint8_t> prefix(content.begin(), content.begin() + size);
    EXPECT_NE(Message(prefix), "no error") << size;
  }
  EXPECT_EQ(Message(content), "no error");
}

TEST(IdxTest, KnowsItsMagic) {
  EXPECT_TRUE(HasIdxMagic(Idx(0x0C, {1, 1, 1}, {})));
  EXPECT_FALSE(HasIdxMagic(Idx(0x0A, {1}, {})));
  EXPECT_FALSE(HasIdxMagic(Idx(0x08, {}, {})));
  EXPECT_FALSE(HasIdxMagic(Idx(0x08, std::vector<uint32_t>(9, 1), {})));
  EXPECT_FALSE(HasIdxMagic(std::vector<uint8_t>{0, 0, 8}));
  EXPECT_FALSE(HasIdxMagic(std::vector<uint8_t>{1, 0, 8, 1}));
}

}  // namespace
}  // namespace initscope
