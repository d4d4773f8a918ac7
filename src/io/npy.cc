#include "io/npy.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>

#include "io/elements.h"

namespace initscope {
namespace {

struct NpyHeader {
  std::string descr;
  bool fortran_order;
  std::vector<size_t> shape;
};

UserError Malformed(const std::string& path) {
  return DataError(path, "the .npy header is malformed; save the array again");
}

// Parses a header's text, a Python literal such as
// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& path)
      : text_(text), path_(path) {}

  NpyHeader Parse() {
    std::optional<std::string> descr;
    std::optional<bool> fortran_order;
    std::optional<std::vector<size_t>> shape;
    Expect('{');
    while (!Accept('}')) {
      const std::string key = String();
      Expect(':');
      if (key == "descr" && !descr) {
        if (Peek() == '[')
          throw DataError(path_,
                          "a structured array; save one plain numeric array");
        descr = String();
      } else if (key == "fortran_order" && !fortran_order) {
        fortran_order = Bool();
      } else if (key == "shape" && !shape) {
        shape = Shape();
      } else {
        throw Malformed(path_);
      }
      if (!Accept(',') && Peek() != '}') throw Malformed(path_);
    }
    if (Peek() != '\0' || !descr || !fortran_order || !shape)
      throw Malformed(path_);
    return {*descr, *fortran_order, *shape};
  }

 private:
  // The next character that is not white space; '\0' at the end.
  char Peek() {
    const size_t at = text_.find_first_not_of(" \t\r\n");
    text_.remove_prefix(std::min(at, text_.size()));
    return text_.empty() ? '\0' : text_.front();
  }
  bool Accept(char c) {
    if (text_.empty() || Peek() != c) return false;
    text_.remove_prefix(1);
    return true;
  }
  void Expect(char c) {
    if (!Accept(c)) throw Malformed(path_);
  }

  std::string String() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') throw Malformed(path_);
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) throw Malformed(path_);
    std::string value(text_.substr(1, end - 1));
    text_.remove_prefix(end + 1);
    return value;
  }

  bool Bool() {
    Peek();
    for (const std::string_view word : {"False", "True"}) {
      if (!text_.starts_with(word)) continue;
      text_.remove_prefix(word.size());
      return word == "True";
    }
    throw Malformed(path_);
  }

  std::vector<size_t> Shape() {
    std::vector<size_t> shape;
    Expect('(');
    while (!Accept(')')) {
      Peek();
      size_t extent = 0;
      const char* end = text_.data() + text_.size();
      const auto [rest, error] = std::from_chars(text_.data(), end, extent);
      if (error != std::errc()) throw Malformed(path_);
      shape.push_back(extent);
      text_.remove_prefix(static_cast<size_t>(rest - text_.data()));
      Accept('L');  // Python 2's long
      if (!Accept(',') && Peek() != ')') throw Malformed(path_);
    }
    return shape;
  }

  std::string_view text_;
  const std::string& path_;
};

// Element types that C++ lacks.
struct Bool {
  uint8_t byte;
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator double() const { return byte != 0; }
};

struct Half {  // IEEE 754 binary16
  uint16_t bits;
  // NOLINTNEXTLINE(google-explicit-constructor)
  operator double() const {
    const int exponent = bits >> 10 & 0x1f;
    const int fraction = bits & 0x3ff;
    const double size =
        exponent == 0 ? std::ldexp(fraction, -24)
        : exponent < 31
            ? std::ldexp(1024 + fraction, exponent - 25)
            : (fraction == 0 ? std::numeric_limits<double>::infinity()
                             : std::numeric_limits<double>::quiet_NaN());
    return bits >> 15 ? -size : size;
  }
};

struct NpyType {
  std::string_view code;  // the descr without its byte order
  Array (*read)(ByteSource* source, const ArrayHeader& header);
};

constexpr NpyType kNpyTypes[] = {
    {"b1", ReadElements<Bool>},    {"u1", ReadElements<uint8_t>},
    {"i1", ReadElements<int8_t>},  {"u2", ReadElements<uint16_t>},
    {"i2", ReadElements<int16_t>}, {"u4", ReadElements<uint32_t>},
    {"i4", ReadElements<int32_t>}, {"u8", ReadElements<uint64_t>},
    {"i8", ReadElements<int64_t>}, {"f2", ReadElements<Half>},
    {"f4", ReadElements<float>},   {"f8", ReadElements<double>},
};

const NpyType& FindType(std::string_view descr, const std::string& path) {
  for (const NpyType& type : kNpyTypes) {
    const std::string_view orders = type.code[1] == '1' ? "|<>" : "<>";
    if (descr.size() == 3 && descr.substr(1) == type.code &&
        orders.find(descr[0]) != std::string_view::npos)
      return type;
  }
  throw DataError(path,
                  "cannot read dtype '{}'; save it as bool, an integer type, "
                  "float16, float32 or float64",
                  Quoted(descr, 20));
}

// Reads the header and returns its text; `*size` is the size of the header.
std::string ReadHeaderText(ByteSource* source, size_t* size) {
  constexpr std::string_view kMagic = "\x93NUMPY";
  const std::string& path = source->path();
  const std::span<const uint8_t> content = source->start();
  const std::string_view text(reinterpret_cast<const char*>(content.data()),
                              content.size());
  if (!text.starts_with(kMagic))
    throw DataError(path,
                    "not an .npy file: it does not begin with '\\x93NUMPY'");
  const UserError cut =
      DataError(path, "the .npy header is cut short; get the file again");
  if (content.size() < 8) throw cut;
  const int version = content[6];
  if (version < 1 || version > 3)
    throw DataError(path, "version {} of .npy; known are 1, 2 and 3", version);
  const size_t length_bytes = version == 1 ? 2 : 4;
  const size_t begin = 8 + length_bytes;
  if (content.size() < begin) throw cut;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i)
    length |= size_t{content[8 + i]} << (8 * i);

  constexpr size_t kLongest = size_t{1} << 24;
  std::string header(begin + std::min(length, kLongest), '\0');
  if (source->Read(reinterpret_cast<uint8_t*>(header.data()), header.size()) <
      header.size())
    throw cut;
  if (length > kLongest) throw Malformed(path);
  *size = header.size();
  return header.substr(begin);
}

}  // namespace

Array ReadNpy(ByteSource* source) {
  const std::string& path = source->path();
  size_t size = 0;
  const std::string text = ReadHeaderText(source, &size);
  const NpyHeader npy = HeaderParser(text, path).Parse();
  const NpyType& type = FindType(npy.descr, path);
  if (npy.shape.empty())
    throw DataError(path,
                    "a single number, not an array; its first axis must be the "
                    "samples");
  return type.read(
      source, {".npy", size, npy.shape,
               npy.descr[0] == '>' ? std::endian::big : std::endian::little,
               npy.fortran_order && npy.shape.size() > 1});
}

}  // namespace initscope
