#include "io/key_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <set>
#include <type_traits>
#include <unordered_map>
#include <variant>

#include "spec/keys.h"

namespace initscope {
namespace {

constexpr size_t kMostListed = 6;

// Fills the codes. Returns the distinct values, in the order of their first
// runs.
template <typename Value>
std::vector<Value> Encode(const std::vector<Value>& values,
                          std::vector<size_t>* codes) {
  const auto identity = [](const Value& value) {
    if constexpr (std::is_same_v<Value, double>) {
      return std::bit_cast<uint64_t>(value);
    } else {
      return value;
    }
  };
  std::unordered_map<decltype(identity(Value())), size_t> known;
  std::vector<Value> distinct;
  for (const Value& value : values) {
    const auto [found, is_new] = known.emplace(identity(value), known.size());
    if (is_new) distinct.push_back(value);
    codes->push_back(found->second);
  }
  return distinct;
}

void DescribeNames(std::vector<std::string> distinct, KeyColumn* column) {
  column->texts = distinct;
  std::ranges::sort(distinct);
  const size_t shown = std::min(distinct.size(), kMostListed);
  column->summary = fmt::format(
      "{}", fmt::join(distinct.begin(), distinct.begin() + shown, ", "));
  if (distinct.size() > shown) {
    column->summary += fmt::format(", … ({})", distinct.size());
  }
}

template <typename Number>
void DescribeNumbers(std::vector<Number> distinct, KeyColumn* column) {
  const auto text_all = [&](auto&& text_of) {
    column->texts.clear();
    for (const Number number : distinct) {
      column->texts.push_back(text_of(number));
    }
  };
  text_all([](Number number) {
    if constexpr (std::is_integral_v<Number>) return fmt::format("{}", number);
    return fmt::format("{:.6g}", static_cast<double>(number));
  });
  const std::set<std::string> different(column->texts.begin(),
                                        column->texts.end());
  if (different.size() < distinct.size()) {
    text_all([](Number number) { return fmt::format("{}", number); });
  }
  std::ranges::sort(distinct);
  column->summary = distinct.size() > kMostListed
                        ? fmt::format("{} … {} ({} values)", distinct.front(),
                                      distinct.back(), distinct.size())
                        : fmt::format("{}", fmt::join(distinct, ", "));
}

KeyColumn ReadKeyColumn(const ResultsReader& file, std::string_view name,
                        const std::string& path) {
  KeyColumn column{std::string(name), {}, {}, {}};
  ColumnValues values = file.Column(path);
  if (std::holds_alternative<std::vector<uint8_t>>(values)) {
    values = file.Names(path);
  }
  std::visit(
      [&](const auto& held) {
        using Value = typename std::decay_t<decltype(held)>::value_type;
        std::vector<Value> distinct = Encode(held, &column.codes);
        if constexpr (std::is_same_v<Value, std::string>) {
          DescribeNames(std::move(distinct), &column);
        } else {
          if constexpr (std::is_same_v<Value, double>) {
            // No key is NaN, which has no place in an order.
            if (std::ranges::any_of(held, [](double v) { return v != v; })) {
              file.Fail("the key {} is not a number", path);
            }
          }
          DescribeNumbers(std::move(distinct), &column);
        }
      },
      values);
  return column;
}

}  // namespace

std::vector<KeyColumn> ReadKeyColumns(const ResultsReader& file,
                                      const std::string& group) {
  std::vector<KeyColumn> columns;
  for (const Key& key : Keys()) {
    const std::string path = group + "/" + std::string(key.name);
    if (file.Has(path)) columns.push_back(ReadKeyColumn(file, key.name, path));
  }
  return columns;
}

}  // namespace initscope
