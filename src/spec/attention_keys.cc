// The keys of attention, in the order of `--help`.

#include <cmath>
#include <numbers>

#include "base/number_text.h"
#include "spec/key_kinds.h"

namespace initscope {
namespace {

using Attention = const AttentionSpec&;

constexpr long double kMostExtent = 16777216.0L;  // 2^24

KeyOf<AttentionSpec> FileKey(std::string_view name, std::string default_text,
                             std::string_view help) {
  return RuledKey<AttentionSpec>({.name = name,
                                  .commands = kAttention,
                                  .type = KeyType::kText,
                                  .default_text = std::move(default_text),
                                  .help = help,
                                  .example = "x.csv",
                                  .sweepable = false});
}

KeyOf<AttentionSpec> ExtentKey(size_t AttentionSpec::*member,
                               std::string_view name, std::string_view help) {
  return WholeKey<AttentionSpec>(member, {.name = name,
                                          .commands = kAttention,
                                          .range = {1, kMostExtent},
                                          .help = help,
                                          .example = "16"});
}

// Written whatever it is.
KeyOf<AttentionSpec> Always(KeyOf<AttentionSpec> key) {
  key.identity = [value = key.value](Attention run) {
    return KeyText(value(run));
  };
  return key;
}

std::optional<std::string> DivisorIdentity(Attention run) {
  const double root = std::sqrt(static_cast<double>(run.d_k));
  if (!run.scaled || run.softmax.divisor == root) return std::nullopt;
  return NumberText(run.softmax.divisor);
}

std::optional<std::string> BaseIdentity(Attention run) {
  if (run.softmax.base == std::numbers::e) return std::nullopt;
  return NumberText(run.softmax.base);
}

std::vector<KeyOf<AttentionSpec>> MakeKeys() {
  return {
      InitKey<AttentionSpec>(),
      GainKey<AttentionSpec>(),
      SeedKey<AttentionSpec>(),
      FileKey("x", "drawn, N(0, 1)",
              "the tokens' rows, a file (.csv, .npy, .h5:/dataset), tokens × "
              "d_model"),
      FileKey("w_q", "drawn",
              "the queries' weights, such a file, d_model × d_k"),
      FileKey("w_k", "drawn", "the keys' weights, such a file, d_model × d_k"),
      FileKey("w_v", "drawn",
              "the values' weights, such a file, d_model × d_v"),
      Always(ExtentKey(&AttentionSpec::d_k, "d_k",
                       "columns of drawn w_q, w_k and w_v")),
      ExtentKey(&AttentionSpec::tokens, "tokens", "rows of a drawn x"),
      ExtentKey(&AttentionSpec::d_model, "d_model", "columns of a drawn x"),
      NameKey<AttentionSpec>(&AttentionSpec::scaled, NamesOf<kOffOn>(),
                             {.name = "scaled",
                              .commands = kAttention,
                              .help = "on: softmax(S/√d_k); off: softmax(S)",
                              .example = "off"}),
      RuledKey<AttentionSpec>(
          {.name = "sqrt_d_k",
           .commands = kAttention,
           .type = KeyType::kReal,
           .default_text = "√d_k",
           .help = "what S is divided by",
           .example = "4"},
          [](Attention run) -> KeyValue { return run.softmax.divisor; },
          DivisorIdentity),
      RuledKey<AttentionSpec>(
          {.name = "softmax_base",
           .commands = kAttention,
           .type = KeyType::kReal,
           .default_text = "e",
           .help = "b of the softmax b^s/Σ b^s, above 1",
           .example = "2"},
          [](Attention run) -> KeyValue { return run.softmax.base; },
          BaseIdentity),
  };
}

}  // namespace

const std::vector<KeyOf<AttentionSpec>>& AttentionKeys() {
  static const std::vector<KeyOf<AttentionSpec>> keys = MakeKeys();
  return keys;
}

}  // namespace initscope
