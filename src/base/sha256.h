// SHA-256 (FIPS 180-4), from Nettle, which starts in a quarter of the time that
// OpenSSL takes and is as fast.
#pragma once

#include <nettle/sha2.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace initscope {

class Sha256 {
 public:
  Sha256();

  void Update(const void* data, size_t bytes);
  // The digest as 64 lower-case hexadecimal digits. The last call.
  std::string HexDigest();

 private:
  sha256_ctx state_;
};

// The digest of `bytes` bytes, as HexDigest() gives it.
std::string Sha256Hex(const void* data, size_t bytes);
inline std::string Sha256Hex(std::string_view text) {
  return Sha256Hex(text.data(), text.size());
}

}  // namespace initscope
