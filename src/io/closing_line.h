// The last line of a results file, behind all that HDF5 knows of: the digest of
// every byte before it,
//
//     initscope sha256 0123…cdef
//
// The digests inside the file (io/contents_digest.h) vouch for what libhdf5
// reads, but not for what only other programs look at, nor for what it reads
// beside its place. A program that changes the file through HDF5 drops the
// line.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace initscope {

inline constexpr size_t kClosingLineBytes = 83;

// The line for a file whose other bytes have this digest, as Sha256Hex() gives
// it; an empty line is before it.
std::string ClosingLine(const std::string& digest);

// The digest of a file without the line. Throws UserError (kIo).
std::string DigestOfFile(const std::string& path);
// Appends the line to that file. Throws UserError (kIo).
void AppendClosingLine(const std::string& path, const std::string& digest);

// Opens an existing file with `flags`, O_TRUNC or O_APPEND, and writes these
// bytes. Returns 0, or the errno of what failed.
int WriteBytes(const std::string& path, int flags, std::string_view bytes);

enum class Closing {
  kNone,     // no such line: an older file, or one that was changed on purpose
  kRight,    // every byte is as it was written
  kDamaged,  // some byte is not
};
// Reads the whole file. Throws UserError (kIo).
Closing ReadClosing(const std::string& path);

}  // namespace initscope
