#include "check/plain_network.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

namespace initscope {
namespace {

// z = x W + b for one sample.
void Propagate(const double* x, const Matrix<double>& w,
               const Matrix<double>& b, double* z) {
  std::copy_n(b.row(0), w.cols(), z);
  for (size_t i = 0; i < w.rows(); ++i) {
    const double* weights = w.row(i);
    for (size_t j = 0; j < w.cols(); ++j) z[j] += x[i] * weights[j];
  }
}

}  // namespace

double EvaluateLoss(const Loss& loss, std::span<const double> logits,
                    const double* target, size_t samples, double* delta) {
  int64_t exponent = 0;
  const LossRow row = loss.row(
      {logits.data(), 0, target, logits.size(), samples}, delta, &exponent);
  for (size_t j = 0; j < logits.size(); ++j) {
    delta[j] = ScaledDouble{delta[j], exponent}.ToDouble();
  }
  return row.value.ToDouble();
}

PlainNetwork::PlainNetwork(const NetworkParameters& parameters)
    : parameters_(parameters),
      z_(depth() + 1),
      x_(depth() + 1),
      ignored_(depth() + 1) {
  for (size_t l = 1; l <= depth(); ++l) {
    const Matrix<double>& w = parameters_.w[l - 1];
    z_[l].Resize(samples(), w.cols());
    for (size_t s = 0; s < samples(); ++s) {
      Propagate(x(l - 1).row(s), w, parameters_.b[l - 1], z_[l].row(s));
    }
    if (activation(l) == nullptr) continue;
    x_[l].Resize(samples(), w.cols());
    std::transform(z_[l].data(), z_[l].data() + z_[l].size(), x_[l].data(),
                   activation(l)->value);
  }
  for (size_t s = 0; s < samples(); ++s) {
    losses_.push_back(LossOf(z_[depth()].row(s), s));
  }
}

const Matrix<double>& PlainNetwork::x(size_t l) const {
  if (l == 0) return parameters_.x;
  return activation(l) == nullptr ? z_[l] : x_[l];
}

double PlainNetwork::Loss() const {
  return std::accumulate(losses_.begin(), losses_.end(), 0.0);
}

double PlainNetwork::LossOf(const double* logits, size_t sample) const {
  const Matrix<double>& target = parameters_.target;
  std::vector<double> delta(target.cols());
  return EvaluateLoss(*parameters_.loss, {logits, target.cols()},
                      target.row(sample), samples(), delta.data());
}

void PlainNetwork::IgnoreKinks(size_t l, const Matrix<double>& sensitivity) {
  ignored_[l].Resize(sensitivity.rows(), sensitivity.cols());
  std::transform(sensitivity.data(), sensitivity.data() + sensitivity.size(),
                 ignored_[l].data(),
                 [](double s) -> unsigned char { return s == 0; });
}

ChangedPass::ChangedPass(const PlainNetwork& network) : network_(network) {
  row_.resize(network.parameters().network.widest());
  next_.resize(row_.size());
}

LossChange ChangedPass::SetWeight(size_t l, size_t i, size_t j, double value) {
  return Set(l, i, j, value, network_.parameters().b[l](0, j));
}

LossChange ChangedPass::SetBias(size_t l, size_t j, double value) {
  return Set(l, 0, j, network_.parameters().w[l](0, j), value);
}

LossChange ChangedPass::Set(size_t l, size_t i, size_t j, double weight,
                            double bias) {
  const Matrix<double>& w = network_.parameters().w[l];
  LossChange sum;
  for (size_t s = 0; s < network_.samples(); ++s) {
    const double* x = network_.x(l).row(s);
    double z = bias;
    for (size_t k = 0; k < w.rows(); ++k) {
      z += x[k] * (k == i ? weight : w(k, j));
    }
    ChangeUnit(l + 1, s, j, z, &sum);
  }
  return sum;
}

LossChange ChangedPass::SetUnit(size_t l, size_t sample, size_t j,
                                double value) {
  LossChange sum;
  if (l > 0) {
    ChangeUnit(l, sample, j, value, &sum);
    return sum;
  }
  std::copy_n(network_.x(0).row(sample), network_.width(0), row_.data());
  row_[j] = value;
  Continue(0, sample, &sum);
  return sum;
}

void ChangedPass::ChangeUnit(size_t l, size_t sample, size_t j, double value,
                             LossChange* sum) {
  if (value == network_.z(l)(sample, j)) return;
  std::copy_n(network_.x(l).row(sample), network_.width(l), row_.data());
  LookAt(l, sample, j, value, sum);
  const Activation* f = network_.activation(l);
  row_[j] = f == nullptr ? value : f->value(value);
  Continue(l, sample, sum);
}

void ChangedPass::Continue(size_t l, size_t sample, LossChange* sum) {
  const NetworkParameters& p = network_.parameters();
  for (; l < network_.depth(); ++l) {
    Propagate(row_.data(), p.w[l], p.b[l], next_.data());
    row_.swap(next_);
    const Activation* f = network_.activation(l + 1);
    for (size_t j = 0; j < network_.width(l + 1); ++j) {
      LookAt(l + 1, sample, j, row_[j], sum);
      if (f != nullptr) row_[j] = f->value(row_[j]);
    }
  }
  sum->change +=
      network_.LossOf(row_.data(), sample) - network_.losses()[sample];
}

// Adds the effect of the new value of a pre-activation to `sum`.
void ChangedPass::LookAt(size_t l, size_t sample, size_t j, double z,
                         LossChange* sum) const {
  const double from = network_.z(l)(sample, j);
  if (z == from) return;
  sum->moved = std::max(sum->moved, std::abs(z - from));
  if (!network_.Watches(l, sample, j)) return;
  for (const double kink : network_.activation(l)->kinks) {
    const double share = (kink - from) / (z - from);
    if (share >= 0 && share <= 1) sum->room = std::min(sum->room, share);
  }
}

}  // namespace initscope
