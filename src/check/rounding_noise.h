// How much of a plain network's loss may be rounding.
//
// To first order, a rounding error ε of an entry of Z_l (or X_l) changes the
// loss by ε·∂loss/∂Z_l (or ε·∂loss/∂X_l), so the noise of the loss is at most
//
//     Σ |∂loss/∂Z_l| |ε(Z_l)| + Σ |∂loss/∂X_l| |ε(X_l)| + ε(loss rows)
//
// over the entries computed. ε(Z) is the running bound of Higham, Accuracy and
// Stability of Numerical Algorithms (2002), section 3.3: u = 2⁻⁵³ times the sum
// of the magnitudes of all products and partial sums. Each of these that is not
// exactly 0 adds the least normal number, because numbers below it may be
// flushed to 0.
#pragma once

#include <limits>
#include <vector>

#include "base/matrix.h"
#include "check/plain_network.h"

namespace initscope {

// Bounds on the error of one operation: relative, and of a product that may
// underflow.
inline constexpr double kUnitRoundoff =
    std::numeric_limits<double>::epsilon() / 2;
inline double Underflow(double a, double b) {
  return a == 0 || b == 0 ? 0 : std::numeric_limits<double>::min();
}

class RoundingNoise {
 public:
  // `delta` = ∂loss/∂Z_l (l = 1 … L) and `sensitivity` = ∂loss/∂X_l (l < L),
  // batch × q_l each; they must outlive this.
  RoundingNoise(const PlainNetwork& network,
                const std::vector<Matrix<double>>& delta,
                const std::vector<Matrix<double>>& sensitivity);

  // ε(Z_l) of one entry.
  double OfPreActivation(size_t l, size_t sample, size_t j) const {
    return z_[l](sample, j);
  }
  // Noise of the loss when unit j of layer l is recomputed for every sample, …
  double OfColumn(size_t l, size_t j) const;
  // … when only what comes after entry (sample, j) of Z_l (of X_0 for l = 0) is
  // recomputed, …
  double OfUnit(size_t l, size_t sample, size_t j) const;
  // … and when everything is computed.
  double OfAll() const { return after_all_[0]; }

 private:
  void AddLayer(size_t l, const Matrix<double>& delta);
  double ActivationNoise(size_t l, size_t sample, size_t j) const;
  double RowNoise(size_t sample, const Matrix<double>& delta) const;

  const PlainNetwork& network_;
  const std::vector<Matrix<double>>& sensitivity_;
  std::vector<Matrix<double>> z_;  // ε(Z_l)
  // after_[l][sample]: noise of everything computed after X_l.
  std::vector<std::vector<double>> after_;
  std::vector<std::vector<double>> column_;  // [l][j], over all samples
  std::vector<double> after_all_;            // after_[l], summed
};

}  // namespace initscope
