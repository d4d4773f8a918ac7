// SHA-256 (FIPS 180-4), from Nettle, which starts in a quarter of the time that
// OpenSSL takes and is as fast.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace initscope {

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;

  void Update(const void* data, size_t bytes);
  // The digest as 64 lower-case hexadecimal digits. The last call.
  std::string HexDigest();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The digest of `bytes` bytes, as HexDigest() gives it.
std::string Sha256Hex(const void* data, size_t bytes);
inline std::string Sha256Hex(std::string_view text) {
  return Sha256Hex(text.data(), text.size());
}

}  // namespace initscope
