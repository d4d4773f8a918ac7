// How runs hold their keys. Everything else follows from a key's one
// declaration: help and `list keys`, parsing, the run id, the columns of
// results files, and the tests of what runs may share.
//
// To add a key, add a member to a part of RunSpec (spec/run_spec.h) and a
// declaration to spec/network_keys.cc. If its default or range depends on other
// keys, leave `take` empty and add a rule to spec/resolve.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spec/attention_spec.h"
#include "spec/keys.h"
#include "spec/run_spec.h"
#include "spec/settings.h"

namespace initscope {

// One of a fixed list of names.
struct NameCode {
  size_t index;
  const std::vector<std::string_view>* names;
};

// A key's value: a whole number, a seed (which needs all 64 bits), a real
// number, a text, or a name.
using KeyValue = std::variant<int64_t, uint64_t, double, std::string, NameCode>;

// Numbers in the shortest form that reads back as the same number.
std::string KeyText(const KeyValue& value);

template <typename Spec>
struct KeyOf {
  Key key;
  // Stores the setting, or the default if there is none.
  std::function<void(const Settings&, Spec*)> take;
  // The value in a resolved run, as in results files; empty: no column.
  std::function<KeyValue(const Spec&)> value;
  // The value's text in the run id; none at the default. The text of a released
  // key never changes.
  std::function<std::optional<std::string>(const Spec&)> identity;
};

// All keys of run, train, plan and trace.
const std::vector<KeyOf<RunSpec>>& NetworkKeys();
// All keys of attention except the experiment's own (name, output, jobs).
const std::vector<KeyOf<AttentionSpec>>& AttentionKeys();

// Stores every key that has no rule of its own.
template <typename Spec>
void TakeKeys(const std::vector<KeyOf<Spec>>& keys, const Settings& settings,
              Spec* spec) {
  for (const KeyOf<Spec>& key : keys) {
    if (key.take) key.take(settings, spec);
  }
}

// `key=value` for each key that identifies the run.
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
