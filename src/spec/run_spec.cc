#include "spec/run_spec.h"

#include <fmt/format.h>

#include "base/number_text.h"
#include "spec/attention_spec.h"

namespace initscope {

double RunSpec::Scale(size_t layer) const {
  return gain * init->scale(static_cast<double>(layers[layer].fan_in),
                            static_cast<double>(layers[layer].fan_out));
}

std::string RunSpec::Title() const {
  return fmt::format("{}, {}, gain {}, seed {}", activation->name, init->name,
                     NumberText(gain), seed);
}

std::string_view RunSpec::DefaultLoss() const {
  return LabelClasses() > 0 ? "softmax_cross_entropy" : "probe";
}

std::string AttentionSpec::Title() const {
  return fmt::format("{} tokens, d_model {}, d_k {}", tokens, d_model, d_k);
}

}  // namespace initscope
