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
  return RuledKey<AttentionSpec>(KeyType::kText,
                                 {name, help, "x.csv", kAttention, kAnyValue,
                                  std::move(default_text), kNoSweep});
}

KeyOf<AttentionSpec> ExtentKey(size_t AttentionSpec::*member,
                               std::string_view name, std::string_view help) {
  return WholeKey<AttentionSpec>(
      member, {name, help, "16", kAttention, Between(1, kMostExtent)});
}

// The key's text is part of the run id whatever its value.
KeyOf<AttentionSpec> Always(KeyOf<AttentionSpec> key) {
  return WithIdentity<AttentionSpec>(std::move(key), "");
}

bool HasOwnDivisor(Attention run) {
  const double root = std::sqrt(static_cast<double>(run.d_k));
  return run.scaled && run.softmax.divisor != root;
}

std::vector<KeyOf<AttentionSpec>> MakeKeys() {
  return {
      InitKey<AttentionSpec>(),
      GainKey<AttentionSpec>(),
      SeedKey<AttentionSpec>(),
      FileKey("x", "drawn, N(0, 1)",
              "X, tokens × d_model, from a file (.csv, .npy, .h5:/dataset)"),
      FileKey("w_q", "drawn", "query weights, d_model × d_k, from such a file"),
      FileKey("w_k", "drawn", "key weights, d_model × d_k, from such a file"),
      FileKey("w_v", "drawn", "value weights, d_model × d_v, from such a file"),
      Always(ExtentKey(&AttentionSpec::d_k, "d_k",
                       "columns of drawn w_q, w_k and w_v")),
      ExtentKey(&AttentionSpec::tokens, "tokens", "rows of a drawn x"),
      ExtentKey(&AttentionSpec::d_model, "d_model", "columns of a drawn x"),
      NameKey<AttentionSpec>(&AttentionSpec::scaled, NamesOf<kOffOn>(),
                             {"scaled", "on: softmax(S/√d_k); off: softmax(S)",
                              "off", kAttention}),
      Where<AttentionSpec>(
          HasOwnDivisor,
          Always(RuledKey<AttentionSpec>(
              KeyType::kReal,
              {"sqrt_d_k", "divisor of S", "4", kAttention, kAnyValue, "√d_k"},
              [](Attention run) -> KeyValue { return run.softmax.divisor; }))),
      WithIdentity<AttentionSpec>(
          RuledKey<AttentionSpec>(
              KeyType::kReal,
              {"softmax_base", "b of the softmax b^s/Σ b^s, above 1", "2",
               kAttention, kAnyValue, "e"},
              [](Attention run) -> KeyValue { return run.softmax.base; }),
          NumberText(std::numbers::e)),
  };
}

}  // namespace

const std::vector<KeyOf<AttentionSpec>>& AttentionKeys() {
  static const std::vector<KeyOf<AttentionSpec>> keys = MakeKeys();
  return keys;
}

}  // namespace initscope
