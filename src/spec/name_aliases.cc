#include "spec/name_aliases.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/quoted_text.h"
#include "spec/keys.h"

namespace initscope {
namespace {

// In small letters.
constexpr NameAlias kAliases[] = {
    {"activation", "identity", "linear"},
    {"activation", "none", "linear"},
    {"activation", "logistic", "sigmoid"},
    {"activation", "rectifier", "relu"},
    {"activation", "leakyrelu", "leaky_relu"},
    {"activation", "lrelu", "leaky_relu"},
    {"activation", "swish", "silu"},
    {"activation", "hardtanh", "hard_tanh"},

    {"init", "xavier", "xavier_normal, xavier_uniform"},
    {"init", "glorot", "xavier_normal, xavier_uniform"},
    {"init", "glorot_normal", "xavier_normal"},
    {"init", "glorot_uniform", "xavier_uniform"},
    {"init", "xavier_normal_", "xavier_normal"},
    {"init", "xavier_uniform_", "xavier_uniform"},
    {"init", "he", "he_normal, he_uniform"},
    {"init", "kaiming", "he_normal, he_uniform"},
    {"init", "msra", "he_normal, he_uniform"},
    {"init", "kaiming_normal", "he_normal"},
    {"init", "kaiming_uniform", "he_uniform"},
    {"init", "kaiming_normal_", "he_normal"},
    {"init", "kaiming_uniform_", "he_uniform"},
    {"init", "he_fan_out", "he_fan_out_normal, he_fan_out_uniform"},
    {"init", "kaiming_fan_out", "he_fan_out_normal, he_fan_out_uniform"},
    {"init", "kaiming_fan_out_normal", "he_fan_out_normal"},
    {"init", "kaiming_fan_out_uniform", "he_fan_out_uniform"},
    {"init", "lecun", "lecun_normal, lecun_uniform"},
    {"init", "truncated_normal",
     "truncated_lecun_normal, truncated_xavier_normal, truncated_he_normal"},
    {"init", "trunc_normal_",
     "truncated_lecun_normal, truncated_xavier_normal, truncated_he_normal"},
    {"init", "truncated_glorot_normal", "truncated_xavier_normal"},
    {"init", "truncated_kaiming_normal", "truncated_he_normal"},
    {"init", "zeros", "zero"},
    {"init", "zeros_", "zero"},
    {"init", "gaussian", "normal"},
    {"init", "orthogonal_", "orthogonal"},
    {"init", "pytorch", "torch_default"},
    {"init", "pytorch_default", "torch_default"},
    {"bias_init", "pytorch_default", "torch_default"},

    {"loss", "l2", "mse"},
    {"loss", "mse_loss", "mse"},
    {"loss", "mean_squared_error", "mse"},
    {"loss", "cross_entropy", "softmax_cross_entropy"},
    {"loss", "crossentropy", "softmax_cross_entropy"},
    {"loss", "categorical_crossentropy", "softmax_cross_entropy"},
    {"loss", "categorical_cross_entropy", "softmax_cross_entropy"},
    {"loss", "bce", "sigmoid_cross_entropy"},
    {"loss", "binary_crossentropy", "sigmoid_cross_entropy"},
    {"loss", "binary_cross_entropy", "sigmoid_cross_entropy"},

    {"precision", "float", "float32, float64"},
    {"precision", "single", "float32"},
    {"precision", "fp32", "float32"},
    {"precision", "f32", "float32"},
    {"precision", "double", "float64"},
    {"precision", "fp64", "float64"},
    {"precision", "f64", "float64"},
};

std::string Lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

bool MeansSeveral(const NameAlias& alias) {
  return alias.names.find(',') != std::string_view::npos;
}

}  // namespace

std::span<const NameAlias> NameAliases() { return kAliases; }

std::string AliasesOf(std::string_view key, std::string_view name) {
  std::string text;
  for (const NameAlias& alias : kAliases) {
    if (alias.key != key || alias.names != name) continue;
    text += (text.empty() ? "" : ", ") + std::string(alias.alias);
  }
  return text;
}

NameMatch MatchName(std::string_view key, const std::string& text,
                    std::span<const std::string_view> names) {
  const std::string lower = Lower(text);
  const auto find = [&](std::string_view name) {
    return static_cast<size_t>(std::find(names.begin(), names.end(), name) -
                               names.begin());
  };
  if (const size_t at = find(lower); at < names.size()) return {at, ""};
  std::vector<std::string_view> spellings(names.begin(), names.end());
  for (const NameAlias& alias : kAliases) {
    if (alias.key != key) continue;
    if (!MeansSeveral(alias)) spellings.push_back(alias.alias);
    if (alias.alias != lower) continue;
    if (!MeansSeveral(alias)) return {find(alias.names), ""};
    return {0, fmt::format("{} '{}' may mean {}; name one of them", key,
                           Quoted(text), alias.names)};
  }
  std::string hint = DidYouMean(text, spellings);
  if (hint.empty()) {
    hint = fmt::format("; it is one of {}", fmt::join(names, ", "));
  }
  return {0, fmt::format("unknown {} '{}'{}", key, Quoted(text), hint)};
}

}  // namespace initscope
