// From the text of an experiment to the list of its runs' settings.
//
// A list of values (`a, b`, range, linspace, geomspace) makes an axis; the
// sweep is the product of all axes. Sections make a union: each is a product
// on top of the keys above the first section, which it may override. A value
// or an item "in quotation marks" is the text between them ("" stands for "),
// so that it may hold commas and parentheses.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/keys.h"

namespace initscope {

// One `key = value`, as text, and where it stands ("file.ini:12", "--gain").
struct Setting {
  std::string key;
  std::string text;
  std::string where;
};

struct ExperimentText {
  std::string name;             // from the file's name
  std::vector<Setting> common;  // above the first section
  struct Section {
    std::string name;
    std::string where;
    std::vector<Setting> settings;
  };
  std::vector<Section> sections;
  std::vector<Setting> flags;  // override all of the above
};

// The one value of each key that one run has; keys that nobody set are absent.
struct SweepValue {
  std::string text;
  std::string where;
};
using SweepPoint = std::map<std::string, SweepValue, std::less<>>;

struct Sweep {
  SweepPoint experiment;           // name, output, jobs, theory: not runs'
  std::vector<SweepPoint> points;  // in order: sections, then the last key of
                                   // each product fastest
  std::vector<std::string> swept;  // keys with more than one value, in the
                                   // order of the key table
};

// The command that takes the keys. It refuses the keys of other commands.
struct CommandContext {
  std::string command = "run";
  CommandSet commands = kSimulation;  // what it counts as
};

// Throws UserError (kUsage) for an unknown key, another command's key, a key
// given twice, shape together with widths, a malformed or empty list, or too
// many runs.
Sweep ExpandSweep(const ExperimentText& text,
                  const CommandContext& context = {});

// A message: the command does not take `key`, and what to do.
std::string NotItsKey(const Key& key, const CommandContext& context);

// The values of a list, numbers in shortest round-trip form.
std::vector<std::string> ParseValueList(const Key& key, std::string_view text,
                                        const std::string& where);

}  // namespace initscope
