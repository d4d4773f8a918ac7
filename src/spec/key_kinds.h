// Declarations of keys by their kind. `at` is a member of Spec, or a function
// that returns a reference to one; the key's default is its value in a new
// Spec.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "spec/key_table.h"

namespace initscope {

template <typename Row>
const std::vector<std::string_view>& RowNames(std::span<const Row> table) {
  static const std::vector<std::string_view> names = [&] {
    std::vector<std::string_view> all;
    for (const Row& row : table) all.push_back(row.name);
    return all;
  }();
  return names;
}

// The names of an enumeration.
template <const auto& kNames>
const std::vector<std::string_view>& NamesOf() {
  static const std::vector<std::string_view> names(std::begin(kNames),
                                                   std::end(kNames));
  return names;
}

// The text of the key's value identifies the run, unless it is `fallback`.
template <typename Spec>
KeyOf<Spec> WithIdentity(KeyOf<Spec> key, std::string fallback) {
  key.identity = [value = key.value, fallback = std::move(fallback)](
                     const Spec& spec) -> std::optional<std::string> {
    std::string text = KeyText(value(spec));
    if (text == fallback) return std::nullopt;
    return text;
  };
  return key;
}

template <typename Spec, typename Take, typename Value>
KeyOf<Spec> Declared(Key key, const Take& take, const Value& value) {
  std::string fallback = KeyText(value(Spec()));
  if (key.default_text.empty()) key.default_text = fallback;
  return WithIdentity<Spec>({std::move(key), take, value, {}},
                            std::move(fallback));
}

// A rule in spec/resolve.cc reads the key.
template <typename Spec>
KeyOf<Spec> ByRule(KeyOf<Spec> key) {
  key.take = {};
  return key;
}

// The key identifies only runs for which `holds` is true.
template <typename Spec, typename Condition>
KeyOf<Spec> Where(Condition holds, KeyOf<Spec> key) {
  key.identity = [holds, identity = std::move(key.identity)](
                     const Spec& spec) -> std::optional<std::string> {
    return holds(spec) ? identity(spec) : std::nullopt;
  };
  return key;
}

template <typename Spec, typename At>
KeyOf<Spec> RealKey(At at, Key key) {
  key.type = KeyType::kReal;
  const auto take = [at, name = key.name](const Settings& settings,
                                          Spec* spec) {
    double& value = std::invoke(at, *spec);
    value = settings.Real(name, value);
  };
  return Declared<Spec>(key, take, [at](const Spec& spec) -> KeyValue {
    return std::invoke(at, spec);
  });
}

// Value: int64_t; for seeds uint64_t.
template <typename Spec, typename Value = int64_t, typename At>
KeyOf<Spec> WholeKey(At at, Key key) {
  key.type = KeyType::kWhole;
  const auto take = [at, name = key.name](const Settings& settings,
                                          Spec* spec) {
    auto& value = std::invoke(at, *spec);
    value = settings.Whole(name, value);
  };
  return Declared<Spec>(key, take, [at](const Spec& spec) -> KeyValue {
    return static_cast<Value>(std::invoke(at, spec));
  });
}

// An enumeration, or a switch.
template <typename Spec, typename At>
KeyOf<Spec> NameKey(At at, const std::vector<std::string_view>& names,
                    Key key) {
  key.type = KeyType::kName;
  const auto take = [at, name = key.name, all = &names](
                        const Settings& settings, Spec* spec) {
    auto& value = std::invoke(at, *spec);
    value = settings.Name(name, value, *all);
  };
  return Declared<Spec>(
      key, take, [at, all = &names](const Spec& spec) -> KeyValue {
        return NameCode{static_cast<size_t>(std::invoke(at, spec)), all};
      });
}

// A row of a table; key.default_text names the default.
template <typename Spec, typename At, typename Row>
KeyOf<Spec> RowKey(At at, std::span<const Row> table, Key key) {
  key.type = KeyType::kName;
  const std::vector<std::string_view>& names = RowNames(table);
  const auto* all = &names;
  const size_t fallback = IndexOf(names, key.default_text);
  return WithIdentity<Spec>(
      {key,
       [=](const Settings& settings, Spec* spec) {
         std::invoke(at, *spec) =
             &table[settings.Name(key.name, fallback, *all)];
       },
       [=](const Spec& spec) -> KeyValue {
         return NameCode{
             static_cast<size_t>(std::invoke(at, spec) - table.data()), all};
       },
       {}},
      key.default_text);
}

// A key that identifies no run or is read by a rule. Each function may be
// empty.
template <typename Spec>
KeyOf<Spec> RuledKey(
    KeyType type, Key key, std::function<KeyValue(const Spec&)> value = {},
    std::function<std::optional<std::string>(const Spec&)> identity = {}) {
  key.type = type;
  return {std::move(key), {}, std::move(value), std::move(identity)};
}

// Keys of every command that draws weights.
template <typename Spec>
KeyOf<Spec> InitKey() {
  return RowKey<Spec>(&WeightSource::init, Initializers(),
                      {"init", "see 'list inits'", "he_normal", kEveryCommand,
                       kAnyValue, "xavier_normal"});
}
template <typename Spec>
KeyOf<Spec> GainKey() {
  return RealKey<Spec>(&WeightSource::gain,
                       {"gain", "factor on every weight", "1.5", kEveryCommand,
                        Between(0, 1e100)});
}
template <typename Spec>
KeyOf<Spec> SeedKey() {
  return WholeKey<Spec, uint64_t>(
      &WeightSource::seed, {"seed", "seed of the weights and biases", "7",
                            kEveryCommand, Between(0, UINT64_MAX)});
}

}  // namespace initscope
