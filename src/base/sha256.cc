#include "base/sha256.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include "base/error.h"

namespace initscope {

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  INITSCOPE_CHECK(state_->context != nullptr);
  INITSCOPE_CHECK(EVP_DigestInit_ex(state_->context, EVP_sha256(), nullptr) ==
                  1);
}

Sha256::~Sha256() = default;

void Sha256::Update(const void* data, size_t bytes) {
  INITSCOPE_CHECK(EVP_DigestUpdate(state_->context, data, bytes) == 1);
}

std::string Sha256::HexDigest() {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int length = 0;
  INITSCOPE_CHECK(EVP_DigestFinal_ex(state_->context, digest, &length) == 1);
  return fmt::format("{:02x}", fmt::join(digest, digest + length, ""));
}

std::string Sha256Hex(const void* data, size_t bytes) {
  Sha256 sha;
  sha.Update(data, bytes);
  return sha.HexDigest();
}

}  // namespace initscope
