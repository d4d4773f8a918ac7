#include "base/sha256.h"

#include <nettle/sha2.h>

#include <string_view>

namespace initscope {

struct Sha256::State {
  State() { sha256_init(&context); }
  sha256_ctx context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}

Sha256::~Sha256() = default;

void Sha256::Update(const void* data, size_t bytes) {
  sha256_update(&state_->context, bytes, static_cast<const uint8_t*>(data));
}

std::string Sha256::HexDigest() {
  uint8_t digest[SHA256_DIGEST_SIZE];
  sha256_digest(&state_->context, sizeof digest, digest);
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
