#include "cli/step_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cli/matrix_text.h"

namespace initscope {
namespace {

template <typename T>
Matrix<double> FirstRows(ConstMatrixView<T> a, size_t most) {
  Matrix<double> out(std::min(most, a.rows()), a.cols());
  std::copy_n(a.data(), out.size(), out.data());
  return out;
}

std::string Formula(Tensor name, size_t l, const RunSpec& run) {
  switch (name) {
    case Tensor::kX:
      if (l == 0) return "X_0: the batch";
      if (const Activation* f = run.layers[l - 1].activation) {
        return fmt::format("X_{} = f(Z_{}), f = {}: {}", l, l, f->name,
                           f->formula);
      }
      return fmt::format("X_{} = Z_{} (linear output)", l, l);
    case Tensor::kZ:
      return fmt::format("Z_{} = X_{} W_{} + 1 b_{}", l, l - 1, l - 1, l - 1);
    case Tensor::kW:
      return fmt::format("W_{}: {}, s = {}", l, run.init->name,
                         run.init->formula);
    case Tensor::kB:
      return fmt::format("b_{}", l);
    case Tensor::kTarget:
      return std::string(run.loss->target);
    case Tensor::kDW:
      return fmt::format("dW_{} = X_{}ᵀ delta_{}", l, l, l + 1);
    case Tensor::kDb:
      return fmt::format("db_{} = 1ᵀ delta_{}", l, l + 1);
    case Tensor::kDelta:
      break;
  }
  if (l == run.depth()) {
    return fmt::format("delta_{} = ∂loss/∂Z_{} = {} ({})", l, l,
                       run.loss->delta, run.loss->name);
  }
  if (l == 0) return "delta_0 = ∂loss/∂X_0 = delta_1 W_0ᵀ";
  return fmt::format("delta_{} = (delta_{} W_{}ᵀ) ⊙ f'(Z_{})", l, l + 1, l, l);
}

std::string Shape(size_t rows, size_t cols) {
  return fmt::format("{} × {}", rows, cols);
}

// The shapes behind a product: " = (3 × 4)(4 × 5)".
std::string Product(size_t rows, size_t inner, size_t cols) {
  return fmt::format(" = ({})({})", Shape(rows, inner), Shape(inner, cols));
}

}  // namespace

template <typename T>
std::string StepText::Add(Tensor name, size_t layer,
                          ConstMatrixView<T> tensor) {
  std::string text;
  if (name == Tensor::kX && layer == 0) text = "Forward pass\n\n";
  if (name == Tensor::kTarget) text = "Loss\n\n";
  if (name == Tensor::kDelta && layer == run_.depth())
    text = "Backward pass\n\n";
  if (name == Tensor::kDelta && layer > 0 && layer < run_.depth()) {
    text = ChainRule(layer);
  }
  const bool whole =
      name == Tensor::kTarget || (name == Tensor::kZ && layer == run_.depth());
  Matrix<double> rows = FirstRows(tensor, whole ? tensor.rows() : kMostShown);
  text += fmt::format("{}    {}{}\n{}\n", Formula(name, layer, run_),
                      Shape(tensor.rows(), tensor.cols()), Factors(name, layer),
                      MatrixText(tensor));
  if (name == Tensor::kTarget) text += LossSteps(rows);
  if (name == Tensor::kZ) {
    z_[layer] = std::move(rows);
  } else if (name == Tensor::kW) {
    w_.push_back(std::move(rows));
  } else if (name == Tensor::kDelta) {
    delta_ = std::move(rows);
  }
  return text;
}

// The shapes behind the formula of a tensor.
std::string StepText::Factors(Tensor name, size_t l) const {
  const size_t m = run_.batch;
  switch (name) {
    case Tensor::kZ:
      return Product(m, run_.width(l - 1), run_.width(l));
    case Tensor::kDW:
      return Product(run_.width(l), m, run_.width(l + 1));
    case Tensor::kDb:
      return Product(1, m, run_.width(l + 1));
    case Tensor::kDelta: {
      if (l == run_.depth()) return "";
      if (l == 0) return Product(m, run_.width(1), run_.width(0));
      const std::string shape = Shape(m, run_.width(l));
      return fmt::format(" = ({}) ⊙ ({})", shape, shape);
    }
    default:
      return "";
  }
}

// ŷ, ŷ − Y and the value: of a probe the value alone.
std::string StepText::LossSteps(const Matrix<double>& target) const {
  const Loss& loss = *run_.loss;
  const Matrix<double>& z = z_.back();
  const size_t m = z.rows(), c = z.cols(), l = run_.depth();
  Matrix<double> prediction(m, c), difference(m, c);
  std::vector<double> delta(c);
  ScaledDouble value;
  for (size_t i = 0; i < m; ++i) {
    loss.predict(z.row(i), c, prediction.row(i));
    for (size_t j = 0; j < c; ++j) {
      difference(i, j) = prediction(i, j) - target(i, j);
    }
    int64_t exponent = 0;
    const LossRow row =
        loss.row({z.row(i), 0, target.row(i), c, m}, delta.data(), &exponent);
    value = value + row.value;
  }
  std::string text;
  if (loss.uses_labels) {
    const bool head =
        !std::equal(z.data(), z.data() + z.size(), prediction.data());
    if (head) {
      text += fmt::format("ŷ = {}(Z_{})    {}\n{}\n",
                          loss.categorical ? "softmax" : "σ", l, Shape(m, c),
                          MatrixText(std::as_const(prediction).view()));
    }
    text +=
        fmt::format("{} - Y    {}\n{}\n", head ? "ŷ" : fmt::format("X_{}", l),
                    Shape(m, c), MatrixText(std::as_const(difference).view()));
  }
  return text + fmt::format(
                    "loss = {}, m = {}, c = {}    1 × 1\n    {:>11.10g}"
                    "\n\n",
                    loss.formula, m, c, value.ToDouble());
}

// The two factors of delta_l.
std::string StepText::ChainRule(size_t l) const {
  const Matrix<double>& z = z_[l];
  const Matrix<double>& w = w_[l];
  Matrix<double> slope(z.rows(), z.cols());
  std::transform(z.data(), z.data() + z.size(), slope.data(),
                 run_.layers[l - 1].activation->slope);
  const size_t m = run_.batch, q = run_.width(l);
  // Columns as far as W's rows were kept.
  Matrix<double> back(delta_.rows(), w.rows());
  for (size_t i = 0; i < back.rows(); ++i) {
    for (size_t j = 0; j < back.cols(); ++j) {
      double sum = 0;
      for (size_t k = 0; k < w.cols(); ++k) sum += delta_(i, k) * w(j, k);
      back(i, j) = sum;
    }
  }
  return fmt::format(
      "∂loss/∂X_{} = delta_{} W_{}ᵀ    {}{}\n{}\nf'(Z_{})    {}\n{}\n", l,
      l + 1, l, Shape(m, q), Product(m, run_.width(l + 1), q),
      MatrixText(std::as_const(back).view(), m, q), l, Shape(m, q),
      MatrixText(std::as_const(slope).view(), m, q));
}

template std::string StepText::Add(Tensor, size_t, ConstMatrixView<float>);
template std::string StepText::Add(Tensor, size_t, ConstMatrixView<double>);

}  // namespace initscope
