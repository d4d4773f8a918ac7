#include "spec/keys.h"

#include <algorithm>
#include <numeric>
#include <vector>

#include "base/number_text.h"
#include "spec/key_table.h"

namespace initscope {
namespace {

struct CommandNaming {
  CommandSet commands;
  std::string_view names;
};
constexpr CommandNaming kCommandNamings[] = {{kSimulation, "run, theory"},
                                             {kTraining, "train"},
                                             {kNetworks, "plan, trace"},
                                             {kAttention, "attention"},
                                             {kEveryCommand, "gradcheck"}};

size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t substitute = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

}  // namespace

std::span<const Key> Keys() {
  static const std::vector<Key> keys = [] {
    std::vector<Key> all;
    for (const KeyOf<RunSpec>& key : NetworkKeys()) all.push_back(key.key);
    for (const KeyOf<AttentionSpec>& key : AttentionKeys()) {
      if (key.key.commands == kAttention) all.push_back(key.key);
    }
    return all;
  }();
  return keys;
}

const Key* FindKey(std::string_view name) {
  const auto key = std::ranges::find(Keys(), name, &Key::name);
  return key == Keys().end() ? nullptr : &*key;
}

std::string CommandNames(CommandSet commands) {
  std::string text;
  for (const CommandNaming& naming : kCommandNamings) {
    if ((commands & naming.commands) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(naming.names);
  }
  return text;
}

size_t IndexOf(std::span<const std::string_view> names, std::string_view name) {
  return static_cast<size_t>(std::ranges::find(names, name) - names.begin());
}

std::string DidYouMean(std::string_view name,
                       std::span<const std::string_view> names,
                       const std::string& otherwise) {
  std::string_view best;
  size_t least = std::max<size_t>(2, name.size() / 3) + 1;
  for (std::string_view candidate : names) {
    // Not near, whatever the letters, and slow to compute.
    if (name.size() >= 2 * candidate.size()) continue;
    const size_t distance = EditDistance(name, candidate);
    if (distance < least && distance < candidate.size()) {
      least = distance;
      best = candidate;
    }
  }
  if (best.empty()) return otherwise;
  return "; did you mean '" + std::string(best) + "'?";
}

std::string KeyText(const KeyValue& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using Held = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<Held, std::string>) {
          return held;
        } else if constexpr (std::is_same_v<Held, NameCode>) {
          return std::string((*held.names)[held.index]);
        } else {
          return NumberText(held);
        }
      },
      value);
}

}  // namespace initscope
