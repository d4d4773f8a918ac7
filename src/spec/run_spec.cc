#include "spec/run_spec.h"

#include <fmt/format.h>

#include "base/number_text.h"

namespace initscope {

double RunSpec::Scale(size_t layer) const {
  return gain * init->scale(static_cast<double>(widths[layer]),
                            static_cast<double>(widths[layer + 1]));
}

std::string RunSpec::Shape() const {
  return fmt::format("{}", fmt::join(widths, "x"));
}

std::string RunSpec::Title() const {
  return fmt::format("{}, {}, gain {}, seed {}", activation->name, init->name,
                     NumberText(gain), seed);
}

std::string_view RunSpec::DefaultLoss() const {
  return samples && samples->classes() > 0 ? "softmax_cross_entropy" : "probe";
}

}  // namespace initscope
