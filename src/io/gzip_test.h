// Gzipped content, for tests of what reads it.
#pragma once

#include <zlib.h>

#include <string>
#include <string_view>

#include "base/error.h"

namespace initscope {

// `text` as a gzip file holds it. `level`: 0, stored, to 9.
inline std::string Gzip(std::string_view text, int level = 9) {
  z_stream stream = {};
  INITSCOPE_CHECK(deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8,
                               Z_DEFAULT_STRATEGY) == Z_OK);
  std::string gzip(deflateBound(&stream, text.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(gzip.data());
  stream.avail_out = static_cast<uInt>(gzip.size());
  INITSCOPE_CHECK(deflate(&stream, Z_FINISH) == Z_STREAM_END);
  gzip.resize(stream.total_out);
  deflateEnd(&stream);
  return gzip;
}

}  // namespace initscope
