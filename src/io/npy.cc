#include "io/npy.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <string_view>

#include "io/byte_source.h"

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

// `raw`, elements of kSize bytes with the first axis fastest, as row-major.
template <size_t kSize>
std::vector<uint8_t> ToRowMajor(std::span<const uint8_t> raw,
                                std::span<const size_t> shape) {
  std::vector<uint8_t> result(raw.size());
  std::vector<size_t> stride(shape.size(), kSize), index(shape.size(), 0);
  for (size_t axis = 1; axis < shape.size(); ++axis)
    stride[axis] = stride[axis - 1] * shape[axis - 1];
  size_t from = 0;
  for (size_t to = 0; to < raw.size(); to += kSize) {
    std::memcpy(result.data() + to, raw.data() + from, kSize);
    for (size_t axis = shape.size(); axis-- > 0;) {
      from += stride[axis];
      if (++index[axis] < shape[axis]) break;
      from -= stride[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return result;
}

template <class T>
Array Decode(std::span<const uint8_t> raw, std::endian order,
             const NpyHeader& header) {
  if (!header.fortran_order || header.shape.size() < 2)
    return DecodeElements<T>(raw, order, header.shape);
  return DecodeElements<T>(ToRowMajor<sizeof(T)>(raw, header.shape), order,
                           header.shape);
}

Array DecodeBool(std::span<const uint8_t> raw, std::endian order,
                 const NpyHeader& header) {
  Array array = Decode<uint8_t>(raw, order, header);
  for (const uint8_t byte : array.bytes) array.reals.push_back(byte != 0);
  array.bytes.clear();
  return array;
}

struct NpyType {
  std::string_view code;  // of the descr, without the byte order
  size_t size;
  Array (*decode)(std::span<const uint8_t> raw, std::endian order,
                  const NpyHeader& header);
};

constexpr NpyType kTypes[] = {
    {"b1", 1, DecodeBool},      {"u1", 1, Decode<uint8_t>},
    {"i1", 1, Decode<int8_t>},  {"u2", 2, Decode<uint16_t>},
    {"i2", 2, Decode<int16_t>}, {"u4", 4, Decode<uint32_t>},
    {"i4", 4, Decode<int32_t>}, {"u8", 8, Decode<uint64_t>},
    {"i8", 8, Decode<int64_t>}, {"f4", 4, Decode<float>},
    {"f8", 8, Decode<double>},
};

const NpyType& FindType(std::string_view descr, const std::string& path) {
  for (const NpyType& type : kTypes) {
    const std::string_view orders = type.size == 1 ? "|<>" : "<>";
    if (descr.size() == 3 && descr.substr(1) == type.code &&
        orders.find(descr[0]) != std::string_view::npos)
      return type;
  }
  throw DataError(path,
                  fmt::format("cannot read dtype '{:.20}'; save it as bool, an "
                              "integer type, float32 or float64",
                              descr));
}

// The header's text; `*begin` is where the elements begin.
std::string_view HeaderText(std::span<const uint8_t> content, size_t* begin,
                            const std::string& path) {
  constexpr std::string_view kMagic = "\x93NUMPY";
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
  if (content.size() - *begin < length) throw cut;
  *begin += length;
  return text.substr(*begin - length, length);
}

}  // namespace

Array ParseNpy(std::span<const uint8_t> content, const std::string& path) {
  size_t begin = 0;
  const std::string_view text = HeaderText(content, &begin, path);
  const NpyHeader header = HeaderParser(text, path).Parse();
  const NpyType& type = FindType(header.descr, path);
  if (header.shape.empty())
    throw DataError(path,
                    "a single number, not an array; its first axis must "
                    "be the samples");
  std::vector<size_t> extents = header.shape;
  extents.push_back(type.size);
  const std::optional<size_t> needed = CheckedProduct(extents);
  const std::span<const uint8_t> raw = content.subspan(begin);
  if (needed != raw.size())
    throw DataError(
        path,
        fmt::format(
            "the .npy header says {} elements of {} bytes, which is {} bytes, "
            "but {} bytes follow it; get the file again",
            Listed(header.shape, " × "), type.size,
            needed ? std::to_string(*needed) : "more than 2^64", raw.size()));
  const std::endian order =
      header.descr[0] == '>' ? std::endian::big : std::endian::little;
  return type.decode(raw, order, header);
}

}  // namespace initscope
