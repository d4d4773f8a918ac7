#include "base/quoted_text.h"

#include <fmt/format.h>

namespace initscope {

size_t Utf8Length(std::string_view text) {
  const auto byte = [text](size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t length = lead >= 0xF5   ? 0
                        : lead >= 0xF0 ? 4
                        : lead >= 0xE0 ? 3
                        : lead >= 0xC2 ? 2
                                       : 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  const bool overlong =
      (lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xF0 && byte(1) < 0x90);
  const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
  const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
  return overlong || surrogate || beyond ? 0 : length;
}

bool IsUtf8(std::string_view text) {
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

namespace {

// Whether a terminal obeys a character instead of showing it: control
// characters (C0, DEL, C1), line separators, marks that change the writing
// direction.
bool IsObeyed(std::string_view character) {
  const auto within = [&](std::string_view first, std::string_view last) {
    return first <= character && character <= last;  // as their code points
  };
  return character < " " || within("\x7f", "\u009f") || character == "\u061c" ||
         within("\u200e", "\u200f") || within("\u2028", "\u202e") ||
         within("\u2066", "\u2069") || character == "\ufeff";
}

}  // namespace

std::string Quoted(std::string_view text, size_t most) {
  std::string quoted;
  size_t at = 0;
  while (at < text.size()) {
    const size_t length = Utf8Length(text.substr(at));
    const size_t next = at + (length == 0 ? 1 : length);
    if (next > most) return quoted + "…";
    if (length == 0) {
      quoted += fmt::format("\\x{:02x}", static_cast<unsigned char>(text[at]));
    } else if (IsObeyed(text.substr(at, length))) {
      quoted += '?';
    } else {
      quoted += text.substr(at, length);
    }
    at = next;
  }
  return quoted;
}

std::string Printable(std::string_view text) {
  return Quoted(text, text.size());
}

std::string QuotedPath(std::string_view path) { return Quoted(path, 250); }

}  // namespace initscope
