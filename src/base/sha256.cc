#include "base/sha256.h"

#include <openssl/evp.h>

#include <string_view>

#include "base/error.h"

namespace initscope {
namespace {

// Found once: EVP_sha256() is looked up again for each digest.
const EVP_MD* Algorithm() {
  static const EVP_MD* const algorithm =
      EVP_MD_fetch(nullptr, "SHA256", nullptr);
  INITSCOPE_CHECK(algorithm != nullptr);
  return algorithm;
}

}  // namespace

struct Sha256::State {
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(context); }
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
  INITSCOPE_CHECK(state_->context != nullptr);
  INITSCOPE_CHECK(EVP_DigestInit_ex(state_->context, Algorithm(), nullptr) ==
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
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (unsigned int i = 0; i < length; ++i) {
    text += kDigits[digest[i] >> 4];
    text += kDigits[digest[i] & 15];
  }
  return text;
}

std::string Sha256Hex(const void* data, size_t bytes) {
  Sha256 sha;
  sha.Update(data, bytes);
  return sha.HexDigest();
}

}  // namespace initscope
