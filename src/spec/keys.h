// The keys of an experiment as files, flags and `list keys` show them. Each has
// one declaration, which also says how a run holds it (spec/key_table.h).
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

// A set of commands, as bits: those that know a key.
using CommandSet = unsigned;
inline constexpr CommandSet kSimulation = 1;  // run
inline constexpr CommandSet kTraining = 2;    // train
inline constexpr CommandSet kAttention = 4;   // attention
// plan and trace take the keys of run and train, gradcheck all keys.
inline constexpr CommandSet kNetworks = kSimulation | kTraining;
inline constexpr CommandSet kEveryCommand = kNetworks | kAttention;

// The values of a switch.
inline constexpr std::string_view kOffOn[] = {"off", "on"};

// Both ends are included. A long double holds every uint64_t.
struct KeyRange {
  long double least = 0, most = 0;
};

inline constexpr KeyRange kAnyValue = {};
constexpr KeyRange Between(long double least, long double most) {
  return {least, most};
}

struct Key {
  std::string_view name;
  std::string_view help;
  std::string_view example;  // a value other than the default
  CommandSet commands;
  KeyRange range = kAnyValue;
  std::string default_text = {};  // as `--help` shows it
  bool sweepable = true;          // whether a list of values is a sweep
  KeyType type = {};              // set by the kind of declaration
};
inline constexpr bool kNoSweep = false;  // for Key::sweepable

// The keys of all commands. A name means the same wherever it is known.
std::span<const Key> Keys();

// nullptr if there is none.
const Key* FindKey(std::string_view name);

// The commands of a set, for messages: "run, plan, trace".
std::string CommandNames(CommandSet commands);

// The index of `name`; names.size() if it is not among them.
size_t IndexOf(std::span<const std::string_view> names, std::string_view name);

// "; did you mean 'x'?" for the nearest of `names`, or `otherwise` if none is
// near (Levenshtein distance at most a third of the length, at least 2).
std::string DidYouMean(std::string_view name,
                       std::span<const std::string_view> names,
                       const std::string& otherwise = "");

}  // namespace initscope
