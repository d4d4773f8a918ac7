// Makes text from a user or a file safe to show on a terminal: one line of
// UTF-8 with nothing that the terminal would obey.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace initscope {

// The length, in bytes, of the first character of `text`; 0 if `text` does not
// begin with one (RFC 3629: no overlong forms, no surrogates, nothing beyond
// U+10FFFF). REQUIRES: !text.empty().
size_t Utf8Length(std::string_view text);

// Whether all of `text` is UTF-8.
bool IsUtf8(std::string_view text);

// `text` as messages show it: cut between characters after at most `most`
// bytes, with '…' added. Control characters, line separators and marks that
// change the writing direction become '?'; bytes that are not UTF-8 become
// '\xNN'.
std::string Quoted(std::string_view text, size_t most = 40);

// The same without a cut.
std::string Printable(std::string_view text);

// The same for a path, of which more is shown.
std::string QuotedPath(std::string_view path);

}  // namespace initscope
