#include "io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstddef>
#include <cstring>
#include <limits>
#include <string_view>

#include "io/elements.h"

namespace initscope {
namespace {

struct NpyHeader {
  std::string descr;
  bool fortran_order = false;
  std::vector<size_t> shape;
};

// Reads the header, a Python literal such as
// {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, const std::string& path)
      : text_(text), path_(path) {}

  NpyHeader Parse() {
    NpyHeader header;
    bool has_descr = false, has_order = false, has_shape = false;
    Expect('{');
    while (!Accept('}')) {
      const std::string key = String();
      Expect(':');
      if (key == "descr" && !has_descr) {
        if (Peek() == '[')
          throw DataError(path_,
                          "a structured array; save one plain numeric array");
        header.descr = String();
        has_descr = true;
      } else if (key == "fortran_order" && !has_order) {
        header.fortran_order = Bool();
        has_order = true;
      } else if (key == "shape" && !has_shape) {
        header.shape = Shape();
        has_shape = true;
      } else {
        throw Malformed();
      }
      if (!Accept(',') && Peek() != '}') throw Malformed();
    }
    if (Peek() != '\0' || !has_descr || !has_order || !has_shape)
      throw Malformed();
    return header;
  }

 private:
  UserError Malformed() const {
    return DataError(path_,
                     "the .npy header is malformed; save the array again");
  }

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
    if (!Accept(c)) throw Malformed();
  }

  std::string String() {
    const char quote = Peek();
    if (quote != '\'' && quote != '"') throw Malformed();
    const size_t end = text_.find(quote, 1);
    if (end == std::string_view::npos) throw Malformed();
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
    throw Malformed();
  }

  std::vector<size_t> Shape() {
    std::vector<size_t> shape;
    Expect('(');
    while (!Accept(')')) {
      Peek();
      size_t extent = 0;
      const char* end = text_.data() + text_.size();
      const auto [rest, error] = std::from_chars(text_.data(), end, extent);
      if (error != std::errc()) throw Malformed();
      shape.push_back(extent);
      text_.remove_prefix(static_cast<size_t>(rest - text_.data()));
      Accept('L');  // Python 2's long
      if (!Accept(',') && Peek() != ')') throw Malformed();
    }
    return shape;
  }

  std::string_view text_;
  const std::string& path_;
};

// Gives the elements of an array whose first axis is fastest in row-major
// order.
class FortranOrder {
 public:
  // All of `elements`, each of `size` bytes.
  FortranOrder(Elements* elements, size_t size, std::span<const size_t> shape)
      : raw_(elements->bytes()),
        size_(size),
        shape_(shape),
        stride_(shape.size(), size),
        index_(shape.size(), 0) {
    (*elements)(raw_.data(), raw_.size());
    elements->ExpectEnd();
    for (size_t axis = 1; axis < shape.size(); ++axis)
      stride_[axis] = stride_[axis - 1] * shape[axis - 1];
  }

  void operator()(uint8_t* out, size_t size) {
    for (size_t to = 0; to < size; to += size_) {
      std::memcpy(out + to, raw_.data() + from_, size_);
      for (size_t axis = shape_.size(); axis-- > 0;) {
        from_ += stride_[axis];
        if (++index_[axis] < shape_[axis]) break;
        from_ -= stride_[axis] * shape_[axis];
        index_[axis] = 0;
      }
    }
  }

 private:
  std::vector<uint8_t> raw_;
  size_t size_;
  std::span<const size_t> shape_;
  std::vector<size_t> stride_, index_;
  size_t from_ = 0;
};

// Elements that are not numbers of C++.
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

template <class T>
Array Read(Elements* elements, std::endian order, const NpyHeader& header) {
  if (!header.fortran_order || header.shape.size() < 2)
    return ReadElements<T>(elements, order, header.shape);
  FortranOrder transposed(elements, sizeof(T), header.shape);
  return DecodeElements<T>(
      [&](uint8_t* out, size_t size) { transposed(out, size); }, order,
      header.shape);
}

struct NpyType {
  std::string_view code;  // of the descr, without the byte order
  size_t size;
  Array (*read)(Elements* elements, std::endian order, const NpyHeader& header);
};

constexpr NpyType kNpyTypes[] = {
    {"b1", 1, Read<Bool>},    {"u1", 1, Read<uint8_t>},
    {"i1", 1, Read<int8_t>},  {"u2", 2, Read<uint16_t>},
    {"i2", 2, Read<int16_t>}, {"u4", 4, Read<uint32_t>},
    {"i4", 4, Read<int32_t>}, {"u8", 8, Read<uint64_t>},
    {"i8", 8, Read<int64_t>}, {"f2", 2, Read<Half>},
    {"f4", 4, Read<float>},   {"f8", 8, Read<double>},
};

const NpyType& FindType(std::string_view descr, const std::string& path) {
  for (const NpyType& type : kNpyTypes) {
    const std::string_view orders = type.size == 1 ? "|<>" : "<>";
    if (descr.size() == 3 && descr.substr(1) == type.code &&
        orders.find(descr[0]) != std::string_view::npos)
      return type;
  }
  throw DataError(path,
                  fmt::format("cannot read dtype '{}'; save it as bool, an "
                              "integer type, float16, float32 or float64",
                              Quoted(descr, 20)));
}

// Reads the header's text; `*begin` is where the elements begin.
std::string ReadHeaderText(ByteSource* source, size_t* begin) {
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
    throw DataError(
        path, fmt::format("version {} of .npy; known are 1, 2 and 3", version));
  const size_t length_bytes = version == 1 ? 2 : 4;
  *begin = 8 + length_bytes;
  if (content.size() < *begin) throw cut;
  size_t length = 0;
  for (size_t i = 0; i < length_bytes; ++i)
    length |= size_t{content[8 + i]} << (8 * i);

  constexpr size_t kLongest = size_t{1} << 24;
  std::string header(*begin + std::min(length, kLongest), '\0');
  if (source->Read(reinterpret_cast<uint8_t*>(header.data()), header.size()) <
      header.size())
    throw cut;
  if (length > kLongest)
    throw DataError(path, "the .npy header is malformed; save the array again");
  header.erase(0, *begin);
  *begin += length;
  return header;
}

}  // namespace

Array ReadNpy(ByteSource* source) {
  const std::string& path = source->path();
  size_t begin = 0;
  const std::string text = ReadHeaderText(source, &begin);
  const NpyHeader header = HeaderParser(text, path).Parse();
  const NpyType& type = FindType(header.descr, path);
  if (header.shape.empty())
    throw DataError(path,
                    "a single number, not an array; its first axis must "
                    "be the samples");
  Elements elements(source, ".npy", begin, header.shape, type.size,
                    type.code == "u1" ? 1 : sizeof(double));
  const std::endian order =
      header.descr[0] == '>' ? std::endian::big : std::endian::little;
  return type.read(&elements, order, header);
}

}  // namespace initscope
