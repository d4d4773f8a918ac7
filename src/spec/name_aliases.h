// Other spellings of names: what torch, Keras, JAX and people write.
//
// A run knows the name alone, so that nothing stored depends on the spelling.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace initscope {

struct NameAlias {
  std::string_view key;  // whose value it is
  std::string_view alias;
  // The names that it may mean: one, or several with a comma between, of which
  // the user must choose.
  std::string_view names;
};

std::span<const NameAlias> NameAliases();

// The aliases that mean `name` alone, "a, b", for `list`.
std::string AliasesOf(std::string_view key, std::string_view name);

// What a value spells: an index into `names`, or the reason why none, for a
// message. Letter case does not matter.
struct NameMatch {
  size_t index = 0;
  std::string error;
};
NameMatch MatchName(std::string_view key, const std::string& text,
                    std::span<const std::string_view> names);

}  // namespace initscope
