#include "cli/matrix_text.h"

#include <fmt/format.h>

#include <algorithm>

namespace initscope {
namespace {

constexpr size_t kMost = 8;

std::string StepFormula(std::string_view name, size_t l, const RunSpec& run) {
  const size_t depth = run.depth();
  if (name == "X" && l == 0) return "X_0: the batch";
  if (name == "X" && l == depth) {
    return fmt::format("X_{} = Z_{} (linear output)", l, l);
  }
  if (name == "X") {
    return fmt::format("X_{} = f(Z_{}), f = {}: {}", l, l, run.activation->name,
                       run.activation->formula);
  }
  if (name == "Z") {
    return fmt::format("Z_{} = X_{} W_{} + 1 b_{}", l, l - 1, l - 1, l - 1);
  }
  if (name == "W") {
    return fmt::format("W_{}: {}, s = {}", l, run.init->name,
                       run.init->formula);
  }
  if (name == "b") return fmt::format("b_{}", l);
  if (name == "target") {
    return run.loss->name == "probe" ? "R: the probe" : "Y: the targets";
  }
  if (name == "dW") return fmt::format("dW_{} = X_{}ᵀ delta_{}", l, l, l + 1);
  if (name == "db") return fmt::format("db_{} = 1ᵀ delta_{}", l, l + 1);
  if (l == depth) {
    return fmt::format("delta_{} = ∂loss/∂Z_{} = {} ({})", l, l,
                       run.loss->delta, run.loss->name);
  }
  if (l == 0) return "delta_0 = delta_1 W_0ᵀ";
  return fmt::format("delta_{} = (delta_{} W_{}ᵀ) ⊙ f'(Z_{})", l, l + 1, l, l);
}

}  // namespace

template <typename T>
std::string MatrixText(ConstMatrixView<T> matrix) {
  std::string text;
  for (size_t i = 0; i < std::min(kMost, matrix.rows()); ++i) {
    text += "   ";
    for (size_t j = 0; j < std::min(kMost, matrix.cols()); ++j) {
      text += fmt::format(" {:>11.5g}", matrix(i, j));
    }
    text += matrix.cols() > kMost ? " …\n" : "\n";
  }
  if (matrix.rows() > kMost) text += "              …\n";
  return text;
}

template <typename T>
std::string StepText(std::string_view name, size_t layer, const RunSpec& run,
                     ConstMatrixView<T> matrix) {
  return fmt::format("{}    {} × {}\n{}\n", StepFormula(name, layer, run),
                     matrix.rows(), matrix.cols(), MatrixText(matrix));
}

template std::string MatrixText(ConstMatrixView<float>);
template std::string MatrixText(ConstMatrixView<double>);
template std::string StepText(std::string_view, size_t, const RunSpec&,
                              ConstMatrixView<float>);
template std::string StepText(std::string_view, size_t, const RunSpec&,
                              ConstMatrixView<double>);

}  // namespace initscope
