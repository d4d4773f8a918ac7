#include "attention/attention_gradient_check.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "linalg/matrix_product.h"

namespace initscope {
namespace {

constexpr double kEps = std::numeric_limits<double>::epsilon();
constexpr int kSteps = 14;  // of 4: down to 4^-13, 1.5e-8 of the first
// The largest change of a softmax exponent in one step. Beyond it the softmax
// is flat at both ends, and differences agree without meaning anything.
constexpr double kLargestReach = 1;

Matrix<double> Copy(const Matrix<double>& a) {
  Matrix<double> out(a.rows(), a.cols());
  std::copy_n(a.data(), a.size(), out.data());
  return out;
}

Matrix<double> Absolute(ConstMatrixView<double> a) {
  Matrix<double> out(a.rows(), a.cols());
  std::transform(a.data(), a.data() + a.size(), out.data(),
                 [](double entry) { return std::abs(entry); });
  return out;
}

double Largest(const Matrix<double>& a) {
  double largest = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a.data()[i]));
  }
  return largest;
}

// The tensors after which a loss is computed.
enum class From { kX, kProjections, kS, kP };

class Checker {
 public:
  Checker(const AttentionInputs& in, const AttentionSoftmax& softmax,
          ConstMatrixView<double> r)
      : in_{Copy(in.x), Copy(in.w_q), Copy(in.w_k), Copy(in.w_v)},
        softmax_(softmax),
        r_(r),
        t_(AttentionForward(in, softmax)),
        s_(Copy(t_.s)) {}

  // Later tensors first, because a check leaves the tensors after its own
  // changed.
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
  double Reach() const;
  double LossRounding(From from) const;
  TensorGradientCheck Check(const char* name, From from,
                            const Matrix<double>& gradient,
                            Matrix<double>* tensor);
  void Difference(From from, double size, double* entry, double* numeric,
                  double* bound);

  AttentionInputs in_;
  AttentionSoftmax softmax_;
  ConstMatrixView<double> r_;
  AttentionTensors t_;
  Matrix<double> s_;  // the unchanged S
};

double Checker::Loss(From from) {
  if (from == From::kX) t_ = AttentionForward(in_, softmax_);
  if (from == From::kProjections) AttentionFromProjections(softmax_, &t_);
  if (from == From::kS) AttentionFromScores(softmax_, &t_);
  if (from == From::kP) t_.o = Product(t_.p.view(), t_.v.view());
  return std::inner_product(r_.data(), r_.data() + r_.size(), t_.o.data(), 0.0);
}

// The largest change of an exponent of the softmax.
double Checker::Reach() const {
  double largest = 0;
  for (size_t i = 0; i < s_.size(); ++i) {
    largest = std::max(largest, std::abs(t_.s.data()[i] - s_.data()[i]));
  }
  return largest * std::log(softmax_.base) / softmax_.divisor;
}

// A bound on the rounding of the last loss. The error of each product is its
// inner dimension times eps times the product of absolute values. An error of S
// changes ln P by up to 2 ln b/s times it, in addition to the softmax's own.
double Checker::LossRounding(From from) const {
  const Matrix<double> x = Absolute(in_.x.view());
  const auto projection = [&](const Matrix<double>& w,
                              const Matrix<double>& t) {
    return from == From::kX ? Product(x.view(), Absolute(w.view()).view())
                            : Absolute(t.view());
  };
  const Matrix<double> q = projection(in_.w_q, t_.q);
  const Matrix<double> k = projection(in_.w_k, t_.k);
  const Matrix<double> v = projection(in_.w_v, t_.v);
  const Matrix<double> s = ProductWithTransposed(q.view(), k.view());
  const auto tokens = static_cast<double>(in_.x.rows());
  const auto d_model = static_cast<double>(in_.x.cols());
  const auto d_k = static_cast<double>(in_.w_q.cols());
  const double exponent =
      Largest(s) * std::log(softmax_.base) / softmax_.divisor;
  const double of_p =
      2 * (2 * d_model + d_k) * exponent + tokens + 3 + 4 * exponent;
  const Matrix<double> o = Product(t_.p.view(), v.view());
  double size = 0, of_r = 0;
  for (size_t i = 0; i < o.size(); ++i) {
    size += std::abs(r_.data()[i]) * o.data()[i];
    of_r += std::abs(r_.data()[i]);
  }
  const double sums = tokens + d_model + static_cast<double>(o.size());
  // Products of V and O that underflow. The factor 2 is for the loss on the
  // other side of the entry.
  const double underflow =
      (tokens + d_model) * of_r * std::numeric_limits<double>::min();
  return 2 * ((of_p + sums) * kEps * size + underflow);
}

// The best central difference at `entry`, and its bound.
void Checker::Difference(From from, double size, double* entry, double* numeric,
                         double* bound) {
  const double at = *entry;
  double before = 0, change_before = 0;
  *bound = std::numeric_limits<double>::infinity();
  double step = std::exp2(std::round(std::log2(std::max(std::abs(at), size))));
  for (int k = 0; k < kSteps; step /= 4) {
    // Last, for LossRounding(), the side where magnitudes are larger.
    const double side = at < 0 ? -1 : 1;
    *entry = at - side * step;
    const double inner = *entry;
    const double loss_inner = Loss(from);
    double reach = Reach();
    *entry = at + side * step;
    const double width = *entry - inner;
    if (width == 0) break;
    const double loss_outer = Loss(from);
    reach = std::max(reach, Reach());
    if (!(reach <= kLargestReach)) continue;
    const double rounding = LossRounding(from) / step;
    if (rounding > *bound) break;  // it grows from here on
    const double difference = (loss_outer - loss_inner) / width;
    const double change = std::abs(difference - before);
    before = difference;
    if (k++ == 0) continue;
    // The change falls by 16 from step to step. If it is small by chance, the
    // one before shows it.
    const double curvature =
        k == 2 ? change : std::max(change, change_before / 16);
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
      // Without a suitable step, only a NaN or infinity is known to be wrong.
      const double error = std::isinf(bound)
                               ? gradient(i, j) - gradient(i, j)
                               : std::abs(gradient(i, j) - numeric);
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
  // Two losses a step, and the magnitudes of one.
  return 3 * kSteps * entries;
}

}  // namespace initscope
