#include "check/rounding_noise.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace initscope {
namespace {

// The running bound on the rounding of z = x W + b, summed in PlainNetwork's
// order.
void DotNoise(const double* x, const Matrix<double>& w, const Matrix<double>& b,
              double* noise) {
  std::vector<double> z(b.row(0), b.row(0) + w.cols());
  std::fill_n(noise, w.cols(), 0.0);
  std::vector<double> underflow(w.cols());
  for (size_t i = 0; i < w.rows(); ++i) {
    for (size_t j = 0; j < w.cols(); ++j) {
      const double term = x[i] * w(i, j);
      z[j] += term;
      noise[j] += std::abs(term) + std::abs(z[j]);
      underflow[j] += 2 * Underflow(x[i], w(i, j));
    }
  }
  for (size_t j = 0; j < w.cols(); ++j) {
    noise[j] = noise[j] * kUnitRoundoff + underflow[j];
  }
}

}  // namespace

RoundingNoise::RoundingNoise(const PlainNetwork& network,
                             const std::vector<Matrix<double>>& delta,
                             const std::vector<Matrix<double>>& sensitivity)
    : network_(network),
      sensitivity_(sensitivity),
      z_(network.depth() + 1),
      after_(network.depth() + 1),
      column_(network.depth() + 1),
      after_all_(network.depth() + 1) {
  for (size_t s = 0; s < network.samples(); ++s) {
    after_.back().push_back(RowNoise(s, delta[network.depth()]));
  }
  for (size_t l = network.depth();; --l) {
    after_all_[l] = std::accumulate(after_[l].begin(), after_[l].end(), 0.0);
    if (l == 0) break;
    AddLayer(l, delta[l]);
  }
}

void RoundingNoise::AddLayer(size_t l, const Matrix<double>& delta) {
  const NetworkParameters& p = network_.parameters();
  column_[l].assign(delta.cols(), 0.0);
  z_[l].Resize(delta.rows(), delta.cols());
  for (size_t s = 0; s < network_.samples(); ++s) {
    DotNoise(network_.x(l - 1).row(s), p.w[l - 1], p.b[l - 1], z_[l].row(s));
    double sum = after_[l][s];
    for (size_t j = 0; j < delta.cols(); ++j) {
      const double n =
          std::abs(delta(s, j)) * z_[l](s, j) + ActivationNoise(l, s, j);
      column_[l][j] += n;
      sum += n;
    }
    after_[l - 1].push_back(sum);
  }
}

// f consists of a few calls of the C library, each accurate to an ulp, at an
// argument that may have been rounded once: 4u|f| + 2u|z f'|.
double RoundingNoise::ActivationNoise(size_t l, size_t sample, size_t j) const {
  const Activation* f = network_.activation(l);
  if (f == nullptr) return 0;
  const double z = network_.z(l)(sample, j);
  const double magnitude =
      4 * std::abs(f->value(z)) + 2 * std::abs(z * f->slope(z));
  return std::abs(sensitivity_[l](sample, j)) *
         (kUnitRoundoff * magnitude + Underflow(z, f->value(z)));
}

// A row is a sum of c terms of one sign, each of a few operations (for the
// probe of either sign, with magnitudes Σ|delta·z|).
double RoundingNoise::RowNoise(size_t sample,
                               const Matrix<double>& delta) const {
  const Matrix<double>& z = network_.z(network_.depth());
  double magnitude = std::abs(network_.losses()[sample]), underflow = 0;
  for (size_t j = 0; j < z.cols(); ++j) {
    magnitude += std::abs(delta(sample, j) * z(sample, j));
    underflow += Underflow(delta(sample, j), z(sample, j));
  }
  return (static_cast<double>(z.cols()) + 8) *
         (kUnitRoundoff * magnitude + underflow);
}

double RoundingNoise::OfColumn(size_t l, size_t j) const {
  return column_[l][j] + after_all_[l];
}

double RoundingNoise::OfUnit(size_t l, size_t sample, size_t j) const {
  const double own = l == 0 ? 0 : ActivationNoise(l, sample, j);
  return own + after_[l][sample];
}

}  // namespace initscope
