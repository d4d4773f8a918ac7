// Expands the text of an experiment into the settings of each of its runs.
//
// A list of values (`a, b`, range, linspace, geomspace) is an axis; the sweep
// is the product of all axes. Sections form a union: each is a product that
// starts from the keys above the first section and may override them. A value
// or list item "in quotation marks" stands for the text between them ("" for
// "), so it may contain commas and parentheses.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spec/keys.h"

namespace initscope {

// One `key = value` as text, and its place ("file.ini:12", "--gain").
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

// A run's value of each key; keys without a setting are absent.
struct SweepValue {
  std::string text;
  std::string where;
};
using SweepPoint = std::map<std::string, SweepValue, std::less<>>;

// The product of lists of values.
struct SweepProduct {
  struct Axis {
    std::string key;
    std::vector<std::string> values;  // one, if the key is not a list
    std::string where;
  };
  std::vector<Axis> axes;
  size_t begin = 0;  // the number of points before it
  size_t size = 1;
};

struct Sweep {
  SweepPoint experiment;               // name, output, jobs, theory
  std::vector<SweepProduct> products;  // section by section
  std::vector<std::string> swept;      // keys with more than one value, in the
                                       // order of Keys()

  // The number of points.
  size_t size() const { return products.back().begin + products.back().size; }
  // Product by product; within one the last key varies fastest.
  SweepPoint Point(size_t index) const;
};

// The command that reads the experiment. Keys of other commands are refused.
struct CommandContext {
  std::string command = "run";
  CommandSet commands = kSimulation;  // whose keys it takes
};

// Throws UserError (kUsage) for an unknown key, another command's key, a key
// given twice, shape together with widths, a malformed or empty list, or too
// many runs.
Sweep ExpandSweep(const ExperimentText& text,
                  const CommandContext& context = {});

// Message: `context` does not take `key`, and what to do about it.
std::string NotItsKey(const Key& key, const CommandContext& context);

// The values of a list; numbers in the shortest form that reads back the same.
std::vector<std::string> ParseValueList(const Key& key, std::string_view text,
                                        const std::string& where);

}  // namespace initscope
