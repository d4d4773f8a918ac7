// The bytes of a data file, gunzipped where it is gzipped.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"

namespace initscope {

// The error that says what is wrong with the data file at `path`.
inline UserError DataError(const std::string& path, const std::string& what) {
  return UserError(ExitCode::kData, path + ": " + what);
}

// "a, b, c", for messages. As fmt::join, in which g++ 12 -O3 warns of an
// overflow that is none.
template <class Range>
std::string Listed(const Range& items, std::string_view separator = ", ") {
  std::string text;
  for (const auto& item : items)
    text += fmt::format("{}{}", text.empty() ? "" : separator, item);
  return text;
}

// The whole content of the file at `path`. Content that begins as gzip does
// (RFC 1952), whatever the file's name, is decompressed, all its members.
// Throws UserError (kData) for a file that is missing, a directory, unreadable
// or empty, and for a gzip stream that is cut short, corrupt, empty or
// followed by something else.
std::vector<uint8_t> ReadBytes(const std::string& path);

}  // namespace initscope
