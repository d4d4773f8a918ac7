// How runs have their keys: one declaration per key, of which everything else
// is made: help and `list keys`, parsing, what identifies a run, the columns of
// results files, and the tests of what runs may share.
//
// To add a key: a member of a part of RunSpec (spec/run_spec.h), and a line of
// the table in spec/network_keys.cc. Where its default or its range depends on
// other keys the line has no `take`, and spec/resolve.cc the rule.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/attention_spec.h"
#include "spec/keys.h"
#include "spec/run_spec.h"
#include "spec/settings.h"

namespace initscope {

// An index into names that are fixed.
struct NameCode {
  size_t index;
  const std::vector<std::string_view>* names;
};

// A key's value: wholes, seeds (which take all of 64 bits), reals, texts,
// names.
using KeyValue = std::variant<int64_t, uint64_t, double, std::string, NameCode>;

// Shortest form that reads back as the same number.
std::string KeyText(const KeyValue& value);

template <typename Spec>
struct KeyOf {
  Key key;
  // Takes the setting or, where there is none, the default.
  std::function<void(const Settings&, Spec*)> take;
  // Of a resolved run, as results files have it; none: no column.
  std::function<KeyValue(const Spec&)> value;
  // As text, where it is part of what identifies a run: not at its default.
  // What a released key is written as never changes.
  std::function<std::optional<std::string>(const Spec&)> identity;
};

// All keys of run, train, plan and trace.
const std::vector<KeyOf<RunSpec>>& NetworkKeys();
// Those of attention that are not of the experiment (name, output, jobs).
const std::vector<KeyOf<AttentionSpec>>& AttentionKeys();

// Takes every key that has no rule of its own.
template <typename Spec>
void TakeKeys(const std::vector<KeyOf<Spec>>& keys, const Settings& settings,
              Spec* spec) {
  for (const KeyOf<Spec>& key : keys) {
    if (key.take) key.take(settings, spec);
  }
}

// The `key=value` of each key that identifies the run.
template <typename Spec>
std::vector<std::string> IdentityLines(const std::vector<KeyOf<Spec>>& keys,
                                       const Spec& spec) {
  std::vector<std::string> lines;
  for (const KeyOf<Spec>& key : keys) {
    if (!key.identity) continue;
    if (const auto text = key.identity(spec)) {
      lines.push_back(std::string(key.key.name) + "=" + *text);
    }
  }
  return lines;
}

}  // namespace initscope
