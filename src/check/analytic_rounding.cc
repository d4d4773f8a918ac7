#include "check/analytic_rounding.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace initscope {
namespace {

// √Σ e²; at least max |e|, in case squares underflow.
class Norm {
 public:
  void Add(double e) {
    squares_ += e * e;
    largest_ = std::max(largest_, std::abs(e));
  }
  double Value() const { return std::max(std::sqrt(squares_), largest_); }

 private:
  double squares_ = 0, largest_ = 0;
};

// The change of f from z to z ± e, plus 16 u |f(z)| for its rounding.
double Wobble(double (*f)(double), double z, double e) {
  const double at = f(z);
  return std::max(std::abs(f(z + e) - at), std::abs(f(z - e) - at)) +
         16 * kUnitRoundoff * std::abs(at) + Underflow(z, at);
}

}  // namespace

AnalyticRounding::AnalyticRounding(
    const EngineGradients& gradients, const PlainNetwork& network,
    const RoundingNoise& noise, const std::vector<Matrix<double>>& sensitivity)
    : g_(gradients),
      network_(network),
      z_(network.depth() + 1),
      x_(network.depth()),
      delta_(network.depth() + 1) {
  x_[0].Resize(network.samples(), network.width(0));
  std::fill_n(x_[0].data(), x_[0].size(), 0.0);
  for (size_t l = 1; l <= network.depth(); ++l) Forward(l, noise);
  Logits();
  for (size_t l = network.depth(); l-- > 0;) {
    Backward(l, l == 0 ? nullptr : &sensitivity[l]);
  }
}

// ε(Z_l), and ε(X_l) of a hidden layer.
void AnalyticRounding::Forward(size_t l, const RoundingNoise& noise) {
  const Matrix<double>& w = g_.parameters.w[l - 1];
  z_[l].Resize(network_.samples(), w.cols());
  for (size_t s = 0; s < network_.samples(); ++s) {
    std::vector<Norm> norms(w.cols());
    for (size_t i = 0; i < w.rows(); ++i) {
      for (size_t j = 0; j < w.cols(); ++j) {
        norms[j].Add(x_[l - 1](s, i) * w(i, j));
      }
    }
    for (size_t j = 0; j < w.cols(); ++j) {
      z_[l](s, j) = norms[j].Value() + 2 * noise.OfPreActivation(l, s, j);
    }
  }
  const Activation* f = network_.activation(l);
  if (f == nullptr) return;
  x_[l].Resize(network_.samples(), w.cols());
  for (size_t k = 0; k < x_[l].size(); ++k) {
    x_[l].data()[k] =
        Wobble(f->value, network_.z(l).data()[k], z_[l].data()[k]);
  }
}

// ε(delta_L): how much the loss's own delta (not the engine's, which may be
// wrong) changes if ε(Z_L) is added to every other logit and subtracted from
// the rest.
void AnalyticRounding::Logits() {
  const size_t depth = network_.depth(), c = network_.width(depth);
  delta_[depth].Resize(network_.samples(), c);
  std::vector<double> logits(c), at(c), shifted(c);
  const auto delta_of = [&](size_t s, double* delta) {
    EvaluateLoss(*g_.parameters.loss, logits, g_.parameters.target.row(s),
                 network_.samples(), delta);
  };
  for (size_t s = 0; s < network_.samples(); ++s) {
    std::copy_n(network_.z(depth).row(s), c, logits.data());
    delta_of(s, at.data());
    for (size_t j = 0; j < c; ++j) {
      logits[j] += j % 2 == 0 ? z_[depth](s, j) : -z_[depth](s, j);
    }
    delta_of(s, shifted.data());
    for (size_t j = 0; j < c; ++j) {
      delta_[depth](s, j) =
          std::abs(shifted[j] - at[j]) +
          16 * (kUnitRoundoff * std::abs(at[j]) + Underflow(at[j], at[j]));
    }
  }
}

// ε(delta_l); `sensitivity` = ∂loss/∂X_l, or null at l = 0, where it is
// delta_0.
void AnalyticRounding::Backward(size_t l, const Matrix<double>* sensitivity) {
  const Matrix<double>& w = g_.parameters.w[l];
  const Matrix<double>& next = g_.delta[l + 1];
  const double terms = (static_cast<double>(w.cols()) + 16) * kUnitRoundoff;
  delta_[l].Resize(network_.samples(), w.rows());
  for (size_t s = 0; s < network_.samples(); ++s) {
    for (size_t i = 0; i < w.rows(); ++i) {
      Norm norm;
      double magnitude = 0, underflow = 0;
      for (size_t j = 0; j < w.cols(); ++j) {
        norm.Add(delta_[l + 1](s, j) * w(i, j));
        magnitude += std::abs(next(s, j) * w(i, j));
        underflow += 2 * Underflow(next(s, j), w(i, j));
      }
      double e = norm.Value() + terms * magnitude + underflow;
      if (sensitivity != nullptr) {
        double (*slope)(double) = network_.activation(l)->slope;
        const double z = network_.z(l)(s, i);
        e = e * std::abs(slope(z)) +
            std::abs((*sensitivity)(s, i)) * Wobble(slope, z, z_[l](s, i));
      }
      delta_[l](s, i) = e;
    }
  }
}

double AnalyticRounding::OfWeight(size_t l, size_t i, size_t j) const {
  const Matrix<double>& x = network_.x(l);
  const Matrix<double>& delta = g_.delta[l + 1];
  const double terms = (static_cast<double>(x.rows()) + 16) * kUnitRoundoff;
  double sum = 0;
  for (size_t s = 0; s < x.rows(); ++s) {
    sum += (x_[l](s, i) + terms * std::abs(x(s, i))) * std::abs(delta(s, j)) +
           std::abs(x(s, i)) * delta_[l + 1](s, j) +
           2 * Underflow(x(s, i), delta(s, j));
  }
  return sum;
}

double AnalyticRounding::OfBias(size_t l, size_t j) const {
  const Matrix<double>& delta = g_.delta[l + 1];
  const double terms = (static_cast<double>(delta.rows()) + 16) * kUnitRoundoff;
  double sum = 0;
  for (size_t s = 0; s < delta.rows(); ++s) {
    sum += delta_[l + 1](s, j) + terms * std::abs(delta(s, j));
  }
  return sum;
}

}  // namespace initscope
