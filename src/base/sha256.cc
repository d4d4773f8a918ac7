#include "base/sha256.h"

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
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < length; ++i) {
    hex += kDigits[digest[i] >> 4];
    hex += kDigits[digest[i] & 15];
  }
  return hex;
}

std::string Sha256Hex(std::string_view bytes) {
  Sha256 sha;
  sha.Update(bytes.data(), bytes.size());
  return sha.HexDigest();
}

}  // namespace initscope
