#include "base/sha256.h"

#include <string_view>

namespace initscope {

Sha256::Sha256() { sha256_init(&state_); }

void Sha256::Update(const void* data, size_t bytes) {
  sha256_update(&state_, bytes, static_cast<const uint8_t*>(data));
}

std::string Sha256::HexDigest() {
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(&state_, sizeof digest, digest);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const uint8_t byte : digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::string Sha256Hex(const void* data, size_t bytes) {
  Sha256 sha;
  sha.Update(data, bytes);
  return sha.HexDigest();
}

}  // namespace initscope
