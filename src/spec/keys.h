// The keys of an experiment: one table, which the file scanner, the command
// line, the sweep, `list` and the results file read.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace initscope {

enum class KeyType {
  kName,   // one of a table's names
  kWhole,  // 0, 1, 2 …
  kReal,
  kText,  // a path, a shape, …
};

// Which commands know a key, as bits.
using CommandSet = unsigned;
inline constexpr CommandSet kSimulation = 1;  // run
inline constexpr CommandSet kTraining = 2;    // train
inline constexpr CommandSet kAttention = 4;   // attention
// plan and trace take the keys of both, gradcheck those of all.
inline constexpr CommandSet kNetworks = kSimulation | kTraining;
inline constexpr CommandSet kEveryCommand = kNetworks | kAttention;

// The values of a switch.
inline constexpr std::string_view kOffOn[] = {"off", "on"};

struct Key {
  std::string_view name;
  CommandSet commands;
  KeyType type;
  bool sweepable;                 // takes a list; else its value is taken whole
  std::string_view default_text;  // as `--help` shows it
  std::string_view help;
};

// All commands' keys; a name means one thing wherever it is known.
std::span<const Key> Keys();

// nullptr if there is none.
const Key* FindKey(std::string_view name);

// The commands of a set, for messages: "run, plan, trace".
std::string CommandNames(CommandSet commands);

// "; did you mean 'x'?" for the nearest of `names`, or "" if none is near
// (Levenshtein distance at most a third of the length, at least 2).
std::string DidYouMean(std::string_view name,
                       std::span<const std::string_view> names);

}  // namespace initscope
