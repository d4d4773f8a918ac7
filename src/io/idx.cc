#include "io/idx.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

#include "io/elements.h"

namespace initscope {
namespace {

constexpr size_t kMaxRank = 8;

struct IdxType {
  uint8_t code;
  Array (*read)(ByteSource* source, const ArrayHeader& header);
};

constexpr IdxType kIdxTypes[] = {
    {0x08, ReadElements<uint8_t>}, {0x09, ReadElements<int8_t>},
    {0x0B, ReadElements<int16_t>}, {0x0C, ReadElements<int32_t>},
    {0x0D, ReadElements<float>},   {0x0E, ReadElements<double>},
};

const IdxType* FindType(uint8_t code) {
  const auto* type = std::ranges::find(kIdxTypes, code, &IdxType::code);
  return type == std::end(kIdxTypes) ? nullptr : type;
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
    throw DataError(path,
                    "unknown IDX type {:#04x}; the types are 0x08, 0x09, 0x0b, "
                    "0x0c, 0x0d and 0x0e",
                    content[2]);
  const size_t rank = content[3];
  if (rank < 1 || rank > kMaxRank)
    throw DataError(path, "an IDX file of rank {}; it must be 1 to {}", rank,
                    kMaxRank);
  ArrayHeader header = {"IDX", 4 + 4 * rank, {}, std::endian::big};
  if (content.size() < header.size)
    throw DataError(path,
                    "the IDX header is cut short: {} bytes of {}; get the file "
                    "again",
                    content.size(), header.size);
  for (size_t at = 4; at < header.size; at += 4) {
    header.shape.push_back(
        size_t{content[at]} << 24 | size_t{content[at + 1]} << 16 |
        size_t{content[at + 2]} << 8 | size_t{content[at + 3]});
  }
  std::vector<uint8_t> skipped(header.size);
  source->Read(skipped.data(), skipped.size());
  return type->read(source, header);
}

}  // namespace initscope
