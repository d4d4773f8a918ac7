#include "io/idx.h"

#include <fmt/format.h>

#include <cstddef>

#include "io/byte_source.h"

namespace initscope {
namespace {

constexpr size_t kMaxRank = 8;

struct IdxType {
  uint8_t code;
  size_t size;
  Array (*decode)(std::span<const uint8_t> raw, std::endian order,
                  std::vector<size_t> shape);
};

constexpr IdxType kTypes[] = {
    {0x08, 1, DecodeElements<uint8_t>}, {0x09, 1, DecodeElements<int8_t>},
    {0x0B, 2, DecodeElements<int16_t>}, {0x0C, 4, DecodeElements<int32_t>},
    {0x0D, 4, DecodeElements<float>},   {0x0E, 8, DecodeElements<double>},
};

const IdxType* FindType(uint8_t code) {
  for (const IdxType& type : kTypes)
    if (type.code == code) return &type;
  return nullptr;
}

}  // namespace

bool HasIdxMagic(std::span<const uint8_t> content) {
  return content.size() >= 4 && content[0] == 0 && content[1] == 0 &&
         FindType(content[2]) && content[3] >= 1 && content[3] <= kMaxRank;
}

Array ParseIdx(std::span<const uint8_t> content, const std::string& path) {
  if (content.size() < 4 || content[0] != 0 || content[1] != 0)
    throw DataError(path,
                    "not an IDX file: it does not begin with two zero bytes, a "
                    "type and a rank");
  const IdxType* type = FindType(content[2]);
  if (!type)
    throw DataError(path, fmt::format("unknown IDX type {:#04x}; the types are "
                                      "0x08, 0x09, 0x0b, 0x0c, 0x0d and 0x0e",
                                      content[2]));
  const size_t rank = content[3];
  if (rank < 1 || rank > kMaxRank)
    throw DataError(path, fmt::format("an IDX file of rank {}; it must be 1 "
                                      "to {}",
                                      rank, kMaxRank));
  const size_t header = 4 + 4 * rank;
  if (content.size() < header)
    throw DataError(path, fmt::format("the IDX header is cut short: {} bytes "
                                      "of {}; get the file again",
                                      content.size(), header));
  std::vector<size_t> shape;
  for (size_t axis = 0; axis < rank; ++axis) {
    const uint8_t* at = content.data() + 4 + 4 * axis;
    shape.push_back(size_t{at[0]} << 24 | size_t{at[1]} << 16 |
                    size_t{at[2]} << 8 | at[3]);
  }
  std::vector<size_t> extents = shape;
  extents.push_back(type->size);
  const std::optional<size_t> needed = CheckedProduct(extents);
  const std::span<const uint8_t> raw = content.subspan(header);
  if (needed != raw.size())
    throw DataError(
        path,
        fmt::format(
            "the IDX header says {} elements of {} bytes, which is {} bytes, "
            "but {} bytes follow it; get the file again",
            Listed(shape, " × "), type->size,
            needed ? std::to_string(*needed) : "more than 2^64", raw.size()));
  return type->decode(raw, std::endian::big, shape);
}

}  // namespace initscope
