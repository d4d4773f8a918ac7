#include "io/idx.h"

#include <fmt/format.h>

#include <cstddef>

#include "io/elements.h"

namespace initscope {
namespace {

constexpr size_t kMaxRank = 8;

struct IdxType {
  uint8_t code;
  size_t size;
  Array (*read)(Elements* elements, std::endian order,
                const std::vector<size_t>& shape);
};

constexpr IdxType kIdxTypes[] = {
    {0x08, 1, ReadElements<uint8_t>}, {0x09, 1, ReadElements<int8_t>},
    {0x0B, 2, ReadElements<int16_t>}, {0x0C, 4, ReadElements<int32_t>},
    {0x0D, 4, ReadElements<float>},   {0x0E, 8, ReadElements<double>},
};

const IdxType* FindType(uint8_t code) {
  for (const IdxType& type : kIdxTypes)
    if (type.code == code) return &type;
  return nullptr;
}

}  // namespace

bool HasIdxMagic(std::span<const uint8_t> content) {
  return content.size() >= 4 && content[0] == 0 && content[1] == 0 &&
         FindType(content[2]) && content[3] >= 1 && content[3] <= kMaxRank;
}

Array ReadIdx(ByteSource* source) {
  const std::string& path = source->path();
  const std::span<const uint8_t> content = source->start();
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
  std::vector<uint8_t> skipped(header);
  source->Read(skipped.data(), header);
  Elements elements(source, "IDX", header, shape, type->size,
                    type->code == 0x08 ? 1 : sizeof(double));
  return type->read(&elements, std::endian::big, shape);
}

}  // namespace initscope
