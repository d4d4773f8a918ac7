#include "cli/attention_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/number_text.h"

namespace initscope {
namespace {

constexpr size_t kMost = 8;  // rows and columns

std::vector<std::string> Texts(const ExactMatrix& exact) {
  std::vector<std::string> texts;
  if (!exact) return texts;
  for (const Fraction& entry : exact->entries) texts.push_back(entry.str());
  return texts;
}

bool AllWhole(const std::vector<std::string>& exact) {
  return std::none_of(exact.begin(), exact.end(), [](const std::string& text) {
    return text.find('/') != std::string::npos;
  });
}

// The first columns of row i, right-aligned to `width`.
std::string RowText(const std::vector<std::string>& entries, size_t i,
                    size_t cols, size_t width) {
  std::string text;
  for (size_t j = 0; j < std::min(cols, kMost); ++j) {
    text += fmt::format("  {:>{}}", entries[i * cols + j], width);
  }
  return cols > kMost ? text + " …" : text;
}

size_t Widest(const std::vector<std::string>& entries) {
  size_t width = 0;
  for (const std::string& entry : entries)
    width = std::max(width, entry.size());
  return width;
}

std::string BaseText(double base) {
  return base == std::numbers::e ? "e" : NumberText(base);
}

}  // namespace

std::vector<AttentionStep> AttentionSteps(const AttentionInputs& in,
                                          const AttentionTensors& t,
                                          const AttentionSpec& run,
                                          const ExactAttention& exact,
                                          SoftmaxSteps* between) {
  between->scaled.Resize(t.s.rows(), t.s.cols());
  between->powers.Resize(t.s.rows(), t.s.cols());
  for (size_t i = 0; i < t.s.size(); ++i) {
    const double z = t.s.data()[i] / run.softmax.divisor;
    between->scaled.data()[i] = z;
    between->powers.data()[i] = exact.e ? ToDouble(exact.e->entries[i])
                                        : AttentionPower(run.softmax.base, z);
  }
  const std::string divisor = fmt::format("{:.6g}", run.softmax.divisor);
  const std::string base = BaseText(run.softmax.base);
  const std::string of_z = run.scaled
                               ? fmt::format("z = S/√d_k, √d_k = {}", divisor)
                               : "z = S: not scaled";
  const std::string power = fmt::format("{}^z_ij", base);
  const std::string of_p =
      fmt::format("P_ij = {} / Σ_k {}^z_ik: softmax of each row", power, base);
  std::vector<AttentionStep> steps;
  const auto add = [&](const char* name, const char* title,
                       const std::string& formula, const Matrix<double>& matrix,
                       const ExactMatrix& fractions) {
    steps.push_back({name, title, formula, matrix.view(), Texts(fractions)});
  };
  add("X", "the tokens, one per row", "X", in.x, exact.x);
  add("W_q", "weights of the queries", "W_q", in.w_q, exact.w_q);
  add("W_k", "weights of the keys", "W_k", in.w_k, exact.w_k);
  add("W_v", "weights of the values", "W_v", in.w_v, exact.w_v);
  add("Q", "queries", "Q = X W_q", t.q, exact.q);
  add("K", "keys", "K = X W_k", t.k, exact.k);
  add("V", "values", "V = X W_v", t.v, exact.v);
  add("S", "scores, query times key", "S = Q Kᵀ", t.s, exact.s);
  add("S_scaled", "scaled scores", of_z, between->scaled, exact.z);
  add("E", "powers of the base", "E_ij = " + power, between->powers, exact.e);
  add("P", "attention weights", of_p, t.p, exact.p);
  add("O", "output", "O = P V", t.o, exact.o);
  return steps;
}

std::string AttentionStepText(const AttentionStep& step) {
  const size_t rows = step.matrix.rows(), cols = step.matrix.cols();
  std::vector<std::string> decimals;
  for (size_t i = 0; i < step.matrix.size(); ++i) {
    decimals.push_back(fmt::format("{:.6g}", step.matrix.data()[i]));
  }
  const bool with_fractions = !step.exact.empty() && !AllWhole(step.exact);
  const size_t width = Widest(decimals), exact_width = Widest(step.exact);
  std::string text =
      fmt::format("{}    {} × {} ({})\n", step.formula, rows, cols, step.title);
  for (size_t i = 0; i < std::min(rows, kMost); ++i) {
    text += "  " + RowText(decimals, i, cols, width);
    if (with_fractions) {
      text += "    = " + RowText(step.exact, i, cols, exact_width);
    }
    text += "\n";
  }
  if (rows > kMost) text += "    …\n";
  return text + "\n";
}

std::string GradientCheckTable(std::span<const TensorGradientCheck> checks) {
  std::string text = fmt::format(
      "{:<6} {:>11}  {:>9}  {:<12} {:>13} {:>13} "
      "{:>9}\n",
      "tensor", "shape", "rel.error", "at", "analytic", "numeric", "allowed");
  for (const TensorGradientCheck& check : checks) {
    text += fmt::format(
        "{:<6} {:>11}  {:>9.2g}  {:<12} {:>13.6g} {:>13.6g} {:>9.2g}  {}\n",
        check.name, fmt::format("{}x{}", check.rows, check.cols),
        check.RelativeError(), fmt::format("({}, {})", check.row, check.col),
        check.analytic, check.numeric, check.bound, check.ok ? "ok" : "WRONG");
  }
  return text;
}

}  // namespace initscope
