#include "spec/name_aliases.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "base/number_text.h"
#include "base/quoted_text.h"
#include "spec/keys.h"

namespace initscope {
namespace {

constexpr NameAlias kAliases[] = {
    {"activation", "linear", "identity, none"},
    {"activation", "sigmoid", "logistic"},
    {"activation", "relu", "rectifier"},
    {"activation", "leaky_relu", "leakyrelu, lrelu"},
    {"activation", "silu", "swish"},
    {"activation", "hard_tanh", "hardtanh"},

    {"init", "xavier_normal, xavier_uniform", "xavier, glorot"},
    {"init", "xavier_normal", "glorot_normal, xavier_normal_"},
    {"init", "xavier_uniform", "glorot_uniform, xavier_uniform_"},
    {"init", "he_normal, he_uniform", "he, kaiming, msra"},
    {"init", "he_normal", "kaiming_normal, kaiming_normal_"},
    {"init", "he_uniform", "kaiming_uniform, kaiming_uniform_"},
    {"init", "he_fan_out_normal, he_fan_out_uniform",
     "he_fan_out, kaiming_fan_out"},
    {"init", "he_fan_out_normal", "kaiming_fan_out_normal"},
    {"init", "he_fan_out_uniform", "kaiming_fan_out_uniform"},
    {"init", "lecun_normal, lecun_uniform", "lecun"},
    {"init",
     "truncated_lecun_normal, truncated_xavier_normal, truncated_he_normal",
     "truncated_normal, trunc_normal_"},
    {"init", "truncated_xavier_normal", "truncated_glorot_normal"},
    {"init", "truncated_he_normal", "truncated_kaiming_normal"},
    {"init", "zero", "zeros, zeros_"},
    {"init", "normal", "gaussian"},
    {"init", "orthogonal", "orthogonal_"},
    {"init", "torch_default", "pytorch, pytorch_default"},
    {"bias_init", "torch_default", "pytorch_default"},

    {"loss", "mse", "l2, mse_loss, mean_squared_error"},
    {"loss", "softmax_cross_entropy",
     "cross_entropy, crossentropy, categorical_crossentropy, "
     "categorical_cross_entropy"},
    {"loss", "sigmoid_cross_entropy",
     "bce, binary_crossentropy, binary_cross_entropy"},

    {"precision", "float32, float64", "float"},
    {"precision", "float32", "single, fp32, f32"},
    {"precision", "float64", "double, fp64, f64"},
};

// The items of "a, b".
std::vector<std::string_view> Items(std::string_view list) {
  std::vector<std::string_view> items;
  for (size_t begin = 0, end = 0; end < list.size(); begin = end + 2) {
    end = std::min(list.find(", ", begin), list.size());
    items.push_back(list.substr(begin, end - begin));
  }
  return items;
}

}  // namespace

std::span<const NameAlias> NameAliases() { return kAliases; }

std::string AliasesOf(std::string_view key, std::string_view name) {
  for (const NameAlias& row : kAliases) {
    if (row.key == key && row.names == name) return std::string(row.aliases);
  }
  return "";
}

NameMatch MatchName(std::string_view key, const std::string& text,
                    std::span<const std::string_view> names) {
  const std::string lower = Lower(text);
  if (const size_t at = IndexOf(names, lower); at < names.size()) {
    return {at, ""};
  }
  std::vector<std::string_view> spellings(names.begin(), names.end());
  for (const NameAlias& row : kAliases) {
    if (row.key != key) continue;
    const bool several = row.names.find(',') != std::string_view::npos;
    for (const std::string_view alias : Items(row.aliases)) {
      if (!several) spellings.push_back(alias);
      if (alias != lower) continue;
      if (!several) return {IndexOf(names, row.names), ""};
      return {0, fmt::format("{} '{}' may mean {}; name one of them", key,
                             Quoted(text), row.names)};
    }
  }
  return {0, fmt::format("unknown {} '{}'{}", key, Quoted(text),
                         DidYouMean(text, spellings,
                                    fmt::format("; it is one of {}",
                                                fmt::join(names, ", "))))};
}

}  // namespace initscope
