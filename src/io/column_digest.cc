#include "io/column_digest.h"

#include <string_view>

#include "base/sha256.h"

namespace initscope {

std::string ColumnDigest(const void* values, size_t bytes) {
  return Sha256Hex(std::string_view(static_cast<const char*>(values), bytes));
}

std::string ColumnDigest(const std::vector<std::string>& texts) {
  Sha256 sha;
  for (const std::string& text : texts) {
    sha.Update(text.c_str(), text.size() + 1);
  }
  return sha.HexDigest();
}

}  // namespace initscope
