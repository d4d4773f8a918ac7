#include "io/npy.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string_view>

#include "base/error.h"
#include "base/file_tree_test.h"

namespace initscope {
namespace {

using std::string_literals::operator""s;
using testing::ElementsAre;
using testing::HasSubstr;

std::vector<uint8_t> Npy(std::string_view header, std::string_view elements,
                         int version = 1) {
  std::string content = "\x93NUMPY";
  content += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    content += static_cast<char>(header.size() >> (8 * i));
  content += header;
  content += elements;
  return {content.begin(), content.end()};
}

std::vector<uint8_t> Npy(std::string_view descr, std::string_view shape,
                         std::string_view elements, bool fortran = false) {
  return Npy(
      fmt::format("{{'descr': '{}', 'fortran_order': {}, 'shape': {}, }}   \n",
                  descr, fortran ? "True" : "False", shape),
      elements);
}

template <class T>
std::string Elements(const std::vector<double>& values, bool big_endian) {
  std::string bytes;
  for (const double value : values) {
    const T element = static_cast<T>(value);
    char raw[sizeof(T)];
    std::memcpy(raw, &element, sizeof(T));
    if (big_endian) std::reverse(std::begin(raw), std::end(raw));
    bytes.append(raw, sizeof(T));
  }
  return bytes;
}

Array ParseNpy(const std::vector<uint8_t>& content) {
  const FileTree tree({{"a.npy", {content.begin(), content.end()}}});
  ByteSource source(tree.root() / "a.npy");
  return ReadNpy(&source);
}

std::string NpyMessage(const std::vector<uint8_t>& content) {
  try {
    ParseNpy(content);
  } catch (const UserError& error) {
    EXPECT_EQ(error.code(), ExitCode::kData);
    EXPECT_THAT(error.what(), HasSubstr("/a.npy: "));
    return error.what();
  }
  return "no error";
}

template <class T>
void ExpectReads(const char* code, const char* sha256) {
  const std::vector<double> values = {1, 2, 3, 4, 5, 127};
  for (const bool big_endian : {false, true}) {
    const std::string descr = (big_endian ? ">" : "<") + std::string(code);
    SCOPED_TRACE(descr);
    const Array array =
        ParseNpy(Npy(descr, "(2, 3)", Elements<T>(values, big_endian)));
    EXPECT_THAT(array.shape, ElementsAre(2, 3));
    EXPECT_EQ(array.reals, values);
    EXPECT_TRUE(array.bytes.empty());
    EXPECT_EQ(array.sha256, sha256);
    // The same array with its first axis fastest.
    const Array transposed = ParseNpy(Npy(
        descr, "(2, 3)", Elements<T>({1, 4, 2, 5, 3, 127}, big_endian), true));
    EXPECT_EQ(transposed.reals, values);
    EXPECT_EQ(transposed.sha256, sha256);
  }
}

TEST(NpyTest, ReadsEveryTypeAndOrder) {
  // hashlib.sha256(np.array([[1, 2, 3], [4, 5, 127]], dtype).tobytes())
  constexpr const char* k16 =
      "e5d8b8d303a1d0934bede7abce599e04ab990c2dafef5ca0df7219e31f8e1c4b";
  constexpr const char* k32 =
      "1574eb1c70566566a306cf984c041af6a472addb4112417b9092f5511e8c5ff1";
  constexpr const char* k64 =
      "d9b7992b2211bfd56ca275ac48b49db12450bcdcb35ecf5f0144c4f1d55be67f";
  ExpectReads<int8_t>(
      "i1", "b666a5f6b41715dfeab27b8e0909f0db094d27ab5b147b462aea4581bfa223c8");
  ExpectReads<int16_t>("i2", k16);
  ExpectReads<uint16_t>("u2", k16);
  ExpectReads<int32_t>("i4", k32);
  ExpectReads<uint32_t>("u4", k32);
  ExpectReads<int64_t>("i8", k64);
  ExpectReads<uint64_t>("u8", k64);
  ExpectReads<float>(
      "f4", "172c8160beebfbff9bdc6ef5c96a0f1b6d0dd8b4c2635a5145661572ee5e0143");
  ExpectReads<double>(
      "f8", "46acd83b886a96be60f0945641eff591979dbfe54b0cc4a540ab18defdc2c47d");
}

TEST(NpyTest, KeepsBytesAsBytes) {
  const Array array = ParseNpy(Npy("|u1", "(6,)", "\1\2\3\4\5\x7f"));
  EXPECT_THAT(array.shape, ElementsAre(6));
  EXPECT_THAT(array.bytes, ElementsAre(1, 2, 3, 4, 5, 127));
  EXPECT_TRUE(array.reals.empty());
  EXPECT_EQ(array.sha256,
            "b666a5f6b41715dfeab27b8e0909f0db094d27ab5b147b462aea4581bfa223c8");
}

TEST(NpyTest, ReadsBool) {
  const Array array = ParseNpy(Npy("|b1", "(2, 3)", "\1\1\1\1\1\1"));
  EXPECT_THAT(array.reals, ElementsAre(1, 1, 1, 1, 1, 1));
  EXPECT_TRUE(array.bytes.empty());
  EXPECT_EQ(array.sha256,
            "dfea2964b5deedea7b1ef077de529c3959e6788bdbb3441e70c77a1ae875bb48");
}

TEST(NpyTest, TransposesThreeAxes) {
  // np.arange(24, dtype='u1').reshape(2, 3, 4) in Fortran order.
  std::string elements;
  for (int k = 0; k < 4; ++k)
    for (int j = 0; j < 3; ++j)
      for (int i = 0; i < 2; ++i)
        elements += static_cast<char>(12 * i + 4 * j + k);
  const Array array = ParseNpy(Npy("|u1", "(2, 3, 4)", elements, true));
  for (size_t i = 0; i < 24; ++i) EXPECT_EQ(array.bytes[i], i);
  EXPECT_EQ(array.sha256,
            "1d64add2a6388367c9bc2d1f1b384b069a6ef382cdaaa89771dd103e28613a25");
}

TEST(NpyTest, ReadsWhatNumPyWrote) {
  // np.array([[1, 2], [3, 4]], '>i2', order='F'), NumPy 1.24.
  std::string header =
      "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 2), }";
  header.resize(117, ' ');
  header += '\n';
  const std::string elements("\0\1\0\3\0\2\0\4", 8);
  for (const int version : {1, 2, 3}) {
    const Array array = ParseNpy(Npy(header, elements, version));
    EXPECT_THAT(array.reals, ElementsAre(1, 2, 3, 4));
    EXPECT_EQ(
        array.sha256,
        "ea99f710d9d0b8ba192295c969a63ed7ce8fc5743da20d2057fa2b6d2c404bfb");
  }
  EXPECT_THAT(NpyMessage(Npy(header, elements, 4)), HasSubstr("version 4"));
  EXPECT_THAT(NpyMessage(Npy(header, elements, 0)), HasSubstr("version 0"));
}

TEST(NpyTest, ReadsOtherSpellings) {
  EXPECT_THAT(ParseNpy(Npy("{\"shape\":(2L,1L),\"fortran_order\":False,"
                           "\"descr\":\"|u1\"}",
                           "ab"))
                  .shape,
              ElementsAre(2, 1));
  EXPECT_THAT(ParseNpy(Npy("<f8", "(0, 4)", "")).shape, ElementsAre(0, 4));
}

TEST(NpyTest, RefusesMalformedHeaders) {
  for (const char* header :
       {"", "{", "{}", "[]", "{'descr': '|u1', 'shape': (1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,), 'more': 1}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1,)} x",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (-1,)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (1 1)}",
        "{'descr': '|u1', 'fortran_order': False, 'shape': (,)}",
        "{'descr': '|u1', 'fortran_order': Falsch, 'shape': (1,)}",
        "{'descr': '|u1', 'descr': '|u1', 'fortran_order': False, "
        "'shape': (1,)}",
        "{'descr': '|u1, 'fortran_order': False, 'shape': (1,)}", "{'descr: 1}",
        "{'descr': '|u1', 'fortran_order': False, "
        "'shape': (99999999999999999999,)}"})
    EXPECT_THAT(NpyMessage(Npy(header, "a")), HasSubstr("malformed")) << header;
}

TEST(NpyTest, RefusesOtherTypes) {
  for (const char* descr :
       {"<c16", "|S5", "<U3", "|O", "<f16", "|f8", "=f8", "f8", ""})
    EXPECT_THAT(NpyMessage(Npy(descr, "(1,)", "a")),
                HasSubstr("cannot read dtype"))
        << descr;
  EXPECT_THAT(
      NpyMessage(Npy("{'descr': [('a', '<f8')], 'fortran_order': False, "
                     "'shape': (1,)}",
                     "a")),
      HasSubstr("structured array"));
  EXPECT_THAT(NpyMessage(Npy("|u1", "()", "a")), HasSubstr("a single number"));
}

TEST(NpyTest, RefusesAnotherSize) {
  EXPECT_THAT(NpyMessage(Npy("<i2", "(2, 1)", "abc")),
              HasSubstr("2 × 1 elements of 2 bytes, which is 4 bytes, but 3"));
  EXPECT_THAT(NpyMessage(Npy("<i2", "(2, 1)", "abcde")),
              HasSubstr("which is 4 bytes, but 5 bytes follow"));
  EXPECT_THAT(NpyMessage(Npy("|u1", "(4294967296, 4294967296)", "")),
              HasSubstr("more than 2^64 bytes, but 0 bytes follow"));
}

TEST(NpyTest, RefusesEveryPrefix) {
  for (const int version : {1, 2}) {
    const std::vector<uint8_t> content =
        Npy("{'descr': '<i2', 'fortran_order': True, 'shape': (2, 2), }",
            "abcdefgh", version);
    for (size_t size = 0; size < content.size(); ++size) {
      const std::vector<uint8_t> prefix(content.begin(),
                                        content.begin() + size);
      EXPECT_NE(NpyMessage(prefix), "no error") << size;
    }
    EXPECT_EQ(NpyMessage(content), "no error");
  }
}

TEST(NpyTest, ReadsHalf) {
  const auto half = [](uint16_t bits) {
    return std::string{static_cast<char>(bits & 0xff),
                       static_cast<char>(bits >> 8)};
  };
  const Array array =
      ParseNpy(Npy("<f2", "(6,)",
                   half(0x3c00) + half(0xc000) + half(0x0001) + half(0x8000) +
                       half(0x7bff) + half(0x3555)));
  EXPECT_THAT(array.reals, ElementsAre(1, -2, 0x1p-24, 0, 65504, 0x1.554p-2));
  EXPECT_TRUE(std::isnan(ParseNpy(Npy("<f2", "(1,)", half(0x7e00))).reals[0]));
  EXPECT_EQ(ParseNpy(Npy(">f2", "(1,)", "\xfc\x00"s)).reals[0], -INFINITY);
}

}  // namespace
}  // namespace initscope
