#include "nn/attention_gradient_check.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "linalg/matrix_product.h"

namespace initscope {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kSteps = 14;  // of 4: down to 4^-13, 1.5e-8 of an entry's size

Matrix<double> Copy(const Matrix<double>& a) {
  Matrix<double> out(a.rows(), a.cols());
  std::copy_n(a.data(), a.size(), out.data());
  return out;
}

Matrix<double> Absolute(ConstMatrixView<double> a) {
  Matrix<double> out(a.rows(), a.cols());
  for (size_t i = 0; i < a.size(); ++i) {
    out.data()[i] = std::abs(a.data()[i]);
  }
  return out;
}

double Largest(const Matrix<double>& a) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.data()[i]));
  }
  return largest;
}

// What has to be computed anew behind a tensor.
enum class From { kX, kProjections, kS, kP };

class Checker {
 public:
  Checker(const AttentionInputs& in, const AttentionSoftmax& softmax,
          ConstMatrixView<double> r)
      : in_{Copy(in.x), Copy(in.w_q), Copy(in.w_k), Copy(in.w_v)},
        softmax_(softmax),
        r_(r),
        t_(AttentionForward(in, softmax)),
        rounding_(LossRounding()) {}

  // Later tensors first: a check leaves what comes after its tensor moved.
  std::vector<TensorGradientCheck> Run(const AttentionGradients& d) {
    return {Check("P", From::kP, d.p, &t_.p),
            Check("S", From::kS, d.s, &t_.s),
            Check("Q", From::kProjections, d.q, &t_.q),
            Check("K", From::kProjections, d.k, &t_.k),
            Check("V", From::kProjections, d.v, &t_.v),
            Check("W_q", From::kX, d.w_q, &in_.w_q),
            Check("W_k", From::kX, d.w_k, &in_.w_k),
            Check("W_v", From::kX, d.w_v, &in_.w_v),
            Check("X", From::kX, d.x, &in_.x)};
  }

 private:
  double Loss(From from);
  double LossRounding() const;
  TensorGradientCheck Check(const char* name, From from,
                            const Matrix<double>& gradient,
                            Matrix<double>* tensor);
  void Difference(From from, double size, double* entry, double* numeric,
                  double* bound);

  AttentionInputs in_;
  AttentionSoftmax softmax_;
  ConstMatrixView<double> r_;
  AttentionTensors t_;
  double rounding_;
};

double Checker::Loss(From from) {
  if (from == From::kX) {
    t_ = AttentionForward(in_, softmax_);
  } else if (from == From::kProjections) {
    AttentionFromProjections(softmax_, &t_);
  } else {
    if (from == From::kS) {
      for (size_t i = 0; i < t_.s.rows(); ++i) {
        AttentionSoftmaxRow(t_.s.row(i), t_.s.cols(), softmax_, t_.p.row(i));
      }
    }
    t_.o = Product(t_.p.view(), t_.v.view());
  }
  double loss = 0;
  for (size_t i = 0; i < t_.o.size(); ++i) {
    loss += r_.data()[i] * t_.o.data()[i];
  }
  return loss;
}

// How far a computed loss may be from the real one. Each product's error is
// its inner dimension times eps times the product of absolute values; that of
// S moves ln P by 2 ln b/s times its largest entry, beside the softmax's own.
double Checker::LossRounding() const {
  const Matrix<double> x = Absolute(in_.x.view());
  const Matrix<double> q = Product(x.view(), Absolute(in_.w_q.view()).view());
  const Matrix<double> k = Product(x.view(), Absolute(in_.w_k.view()).view());
  const Matrix<double> v = Product(x.view(), Absolute(in_.w_v.view()).view());
  const Matrix<double> s = ProductWithTransposed(q.view(), k.view());
  const auto tokens = static_cast<double>(in_.x.rows());
  const auto d_model = static_cast<double>(in_.x.cols());
  const auto d_k = static_cast<double>(in_.w_q.cols());
  const double exponent =
      Largest(s) * std::log(softmax_.base) / softmax_.divisor;
  const double of_p =
      2 * (2 * d_model + d_k) * exponent + tokens + 3 + 4 * exponent;
  const Matrix<double> o = Product(t_.p.view(), v.view());
  double size = 0;
  for (size_t i = 0; i < o.size(); ++i) {
    size += std::abs(r_.data()[i]) * o.data()[i];
  }
  const double sums = tokens + d_model + static_cast<double>(o.size());
  // Twice, for the moved entry's own part in the magnitudes.
  return 2 * (of_p + sums) * kEps * size;
}

// The best central difference at `entry`, and its bound.
void Checker::Difference(From from, double size, double* entry, double* numeric,
                         double* bound) {
  const double at = *entry;
  double before = 0, change_before = 0;
  *bound = std::numeric_limits<double>::infinity();
  double step = std::exp2(std::round(std::log2(std::max(std::abs(at), size))));
  for (int k = 0; k < kSteps; ++k, step /= 4) {
    const double rounding = rounding_ / step;
    if (rounding > *bound) break;  // and only grows from here
    *entry = at + step;
    const double above = *entry;
    const double loss_above = Loss(from);
    *entry = at - step;
    const double width = above - *entry;
    const double difference = (loss_above - Loss(from)) / width;
    const double change = std::abs(difference - before);
    before = difference;
    if (k == 0) continue;
    // The change falls by 16 from step to step; were it small by chance, the
    // one before would say so.
    const double curvature =
        k == 1 ? change : std::max(change, change_before / 16);
    change_before = change;
    if (curvature + rounding < *bound) {
      *bound = curvature + rounding;
      *numeric = difference;
    }
  }
  *entry = at;
}

TensorGradientCheck Checker::Check(const char* name, From from,
                                   const Matrix<double>& gradient,
                                   Matrix<double>* tensor) {
  INITSCOPE_CHECK(gradient.rows() == tensor->rows() &&
                  gradient.cols() == tensor->cols());
  TensorGradientCheck check;
  check.name = name;
  check.rows = tensor->rows();
  check.cols = tensor->cols();
  check.largest = Largest(gradient);
  const double largest_entry = Largest(*tensor);
  const double size = largest_entry > 0 ? largest_entry : 1;
  double worst = -1;
  for (size_t i = 0; i < check.rows; ++i) {
    for (size_t j = 0; j < check.cols; ++j) {
      double numeric = std::numeric_limits<double>::quiet_NaN(), bound = 0;
      Difference(from, size, &(*tensor)(i, j), &numeric, &bound);
      const double error = std::abs(gradient(i, j) - numeric);
      const double ratio = error == 0 ? 0 : error / bound;
      const bool ok = ratio <= 1;  // false of a NaN
      if (!(ratio <= worst) || (!ok && check.ok)) {
        worst = ratio;
        check.row = i;
        check.col = j;
        check.analytic = gradient(i, j);
        check.numeric = numeric;
        check.bound = bound;
      }
      check.ok = check.ok && ok;
    }
  }
  return check;
}

}  // namespace

double TensorGradientCheck::RelativeError() const {
  const double error = std::abs(analytic - numeric);
  return error == 0 ? 0 : error / largest;
}

std::vector<TensorGradientCheck> CheckAttentionGradients(
    const AttentionInputs& in, const AttentionSoftmax& softmax,
    ConstMatrixView<double> r, const AttentionGradients& gradients) {
  return Checker(in, softmax, r).Run(gradients);
}

double AttentionCheckLosses(const AttentionInputs& in) {
  const auto tokens = static_cast<double>(in.x.rows());
  const auto weights = [](const Matrix<double>& w) {
    return static_cast<double>(w.size());
  };
  const double entries =
      weights(in.x) + weights(in.w_q) + weights(in.w_k) + weights(in.w_v) +
      tokens * static_cast<double>(2 * in.w_q.cols() + in.w_v.cols()) +
      2 * tokens * tokens;
  return 2 * kSteps * entries;
}

}  // namespace initscope
