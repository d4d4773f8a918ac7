// Text of others, a user's or a file's, as a terminal may show it: on one line,
// in UTF-8, with nothing that the terminal would obey.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace initscope {

// The length of the character that `text` begins with, in bytes; 0 where it
// begins with none (RFC 3629: no overlong forms, no surrogates, nothing beyond
// U+10FFFF). REQUIRES: !text.empty().
size_t Utf8Length(std::string_view text);

// Whether all of `text` is UTF-8.
bool IsUtf8(std::string_view text);

// `text` as messages show it: beyond `most` bytes it ends in '…', not within a
// character; control characters, separators of lines and marks that change the
// direction become '?', bytes that are not UTF-8 '\xNN'.
std::string Quoted(std::string_view text, size_t most = 40);

// The same of all of `text`.
std::string Printable(std::string_view text);

// The same of a path, of which more is shown.
std::string QuotedPath(std::string_view path);

}  // namespace initscope
