// Damaged copies of a file's bytes, for tests of readers. Everything follows
// from a seed.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <string>
#include <string_view>

namespace initscope {

class Mutator {
 public:
  // `words` are what the format's readers act upon; some are inserted.
  Mutator(uint64_t seed, std::span<const std::string_view> words)
      : random_(seed), words_(words) {}

  // One to four changes: a bit, a byte, a cut, zeros, a span that is left out,
  // doubled or moved, a word.
  std::string Mutate(std::string text) {
    for (size_t changes = 1 + Below(4); changes > 0; --changes) {
      const size_t at = Below(text.size() + 1);
      const size_t span = std::min(Below(32), text.size() - at);
      switch (Below(8)) {
        case 0:
          if (at < text.size()) text[at] ^= static_cast<char>(1 << Below(8));
          break;
        case 1:
          if (at < text.size()) text[at] = static_cast<char>(Below(256));
          break;
        case 2:
          if (Below(4) == 0) text.resize(at);
          break;
        case 3:
          std::fill_n(text.begin() + static_cast<ptrdiff_t>(at), span, '\0');
          break;
        case 4:
          text.erase(at, span);
          break;
        case 5:
          text.insert(at, text.substr(at, span));
          break;
        case 6:
          text.insert(Below(text.size() + 1), text.substr(at, span));
          break;
        default:
          if (!words_.empty()) text.insert(at, words_[Below(words_.size())]);
      }
    }
    return text;
  }

  size_t Below(size_t bound) {
    return std::uniform_int_distribution<size_t>(0, bound - 1)(random_);
  }

 private:
  std::mt19937_64 random_;
  std::span<const std::string_view> words_;
};

}  // namespace initscope
