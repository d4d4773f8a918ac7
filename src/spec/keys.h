// The keys of an experiment, as files, flags and `list keys` know them. Each is
// declared once, with how a run has it (spec/key_table.h).
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
inline constexpr std::string_view kKeyTypeNames[] = {"name", "whole", "real",
                                                     "text"};

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

// Of a number, both ends included. A long double holds every uint64_t.
struct KeyRange {
  long double least = 0, most = 0;
};

struct Key {
  std::string_view name;
  CommandSet commands;
  KeyType type = {};
  KeyRange range = {};
  std::string default_text = {};  // a number where `--help` shows one
  std::string_view help = {};
  std::string_view example = {};  // a value that is not the default
  bool sweepable = true;          // takes a list; else its value is taken whole
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
