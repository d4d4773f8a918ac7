#include "io/file_kind.h"

namespace initscope {
namespace {

using std::string_view_literals::operator""sv;

struct Mark {
  size_t at;
  std::string_view bytes;
  FileKind kind;
};

constexpr std::string_view kUnpack = "; unpack it first";
constexpr std::string_view kHdf5Mark = "\x89HDF\r\n\x1a\n"sv;
constexpr FileKind kHdf5 = {"an HDF5 file", DataFormat::kHdf5};
constexpr FileKind kZip = {
    "a zip archive, as PyTorch's .pt, NumPy's .npz and Excel's .xlsx are"};
constexpr FileKind kTiff = {"a TIFF image"};
constexpr FileKind kPickle = {"a Python pickle, as older .pt files are"};
constexpr FileKind kTar = {"a tar archive"};
constexpr FileKind kUtf16 = {
    "text in UTF-16", DataFormat::kNone,
    "; save it in UTF-8 (iconv -f UTF-16 -t UTF-8 does so)"};

// Escapes are octal where a hexadecimal digit follows.
constexpr Mark kMarks[] = {
    {0, "\x93NUMPY"sv, {"a NumPy array", DataFormat::kNpy}},
    {0, "\x1f\x8b"sv, {"gzip data", DataFormat::kGzip, kUnpack}},
    {0, "PK\x03\x04"sv, kZip},
    {0, "PK\x05\x06"sv, kZip},
    {0, "\x80\x02"sv, kPickle},
    {0, "\x80\x03"sv, kPickle},
    {0, "\x80\x04"sv, kPickle},
    {0, "\x80\x05"sv, kPickle},
    {0, "\x89PNG"sv, {"a PNG image"}},
    {0, "\xff\xd8\xff"sv, {"a JPEG image"}},
    {0, "GIF89a"sv, {"a GIF image"}},
    {0, "II*\0"sv, kTiff},
    {0, "MM\0*"sv, kTiff},
    {0, "%PDF-"sv, {"a PDF document"}},
    {0, "PAR1\x15"sv, {"a Parquet table"}},
    {0, "ARROW1\0\0"sv, {"an Arrow or Feather table"}},
    {4, "1AY&SY"sv, {"bzip2 data", DataFormat::kNone, kUnpack}},
    {0, "\3757zXZ"sv, {"xz data", DataFormat::kNone, kUnpack}},
    {0, "\x28\xb5\x2f\xfd"sv, {"zstd data", DataFormat::kNone, kUnpack}},
    {0, "7z\xbc\xaf"sv, {"a 7z archive"}},
    {0, "\177ELF"sv, {"a program"}},
    {0, "SQLite format 3\0"sv, {"an SQLite database"}},
    {0,
     "MATLAB 5.0 MAT-file"sv,
     {"a MATLAB file of before version 7.3", DataFormat::kNone,
      "; save it with -v7.3"}},
    {0, "CDF\x01"sv, {"a netCDF classic file"}},
    {0, "CDF\x02"sv, {"a netCDF classic file"}},
    {0, "\xd0\xcf\x11\xe0"sv, {"an old Excel or Word file"}},
    {4, "\0\0\0\0{\""sv, {"a safetensors file"}},
    {257, "ustar\0"sv, kTar},
    {257, "ustar  \0"sv, kTar},
    {0, "\xff\xfe"sv, kUtf16},
    {0, "\xfe\xff"sv, kUtf16},
};

}  // namespace

const FileKind* FindFileKind(std::span<const uint8_t> start) {
  const std::string_view text(reinterpret_cast<const char*>(start.data()),
                              start.size());
  // An HDF5 file may begin with a user's block of 512, 1024, 2048, … bytes.
  for (size_t at = 0; at < text.size(); at = at == 0 ? 512 : 2 * at) {
    if (text.substr(at).starts_with(kHdf5Mark)) return &kHdf5;
  }
  for (const Mark& mark : kMarks) {
    if (text.size() >= mark.at + mark.bytes.size() &&
        text.substr(mark.at).starts_with(mark.bytes)) {
      return &mark.kind;
    }
  }
  return nullptr;
}

}  // namespace initscope
