// Recognizes the kind of a file by its first bytes, whatever its name says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace initscope {

enum class DataFormat { kNone, kHdf5, kNpy, kGzip };

struct FileKind {
  std::string_view name;                  // "a PNG image"
  DataFormat format = DataFormat::kNone;  // kNone: not a data file
  std::string_view remedy = "";           // "; unpack it first", or ""
};

// How many bytes of a file its kind is told from.
inline constexpr size_t kFileStart = 4096;

// The kind of a file that begins with `start` (its first kFileStart bytes, or
// all of it); nullptr for text and unknown kinds. IDX files are not recognized
// here, because their mark is short (io/idx.h).
const FileKind* FindFileKind(std::span<const uint8_t> start);

}  // namespace initscope
