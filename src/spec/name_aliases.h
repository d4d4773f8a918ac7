// Other spellings of names: those of torch, Keras and JAX, and common ones.
//
// A run holds only the name itself, so nothing stored depends on the spelling.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace initscope {

struct NameAlias {
  std::string_view key;
  // The name they mean; "a, b" if the user must choose one.
  std::string_view names;
  std::string_view aliases;  // "c, d", in lower case
};

std::span<const NameAlias> NameAliases();

// The aliases that mean `name` alone, "a, b", for `list`.
std::string AliasesOf(std::string_view key, std::string_view name);

// The index into `names` of what `text` spells, or the reason why it spells
// none, for a message. Letter case does not matter.
struct NameMatch {
  size_t index = 0;
  std::string error;
};
NameMatch MatchName(std::string_view key, const std::string& text,
                    std::span<const std::string_view> names);

}  // namespace initscope
