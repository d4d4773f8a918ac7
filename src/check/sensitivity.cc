#include "check/sensitivity.h"

namespace initscope {
namespace {

Matrix<double> Sensitivity(const Matrix<double>& delta,
                           const Matrix<double>& w) {
  Matrix<double> out(delta.rows(), w.rows());
  for (size_t s = 0; s < delta.rows(); ++s) {
    for (size_t i = 0; i < w.rows(); ++i) {
      double sum = 0;
      for (size_t j = 0; j < w.cols(); ++j) sum += delta(s, j) * w(i, j);
      out(s, i) = sum;
    }
  }
  return out;
}

}  // namespace

std::vector<Matrix<double>> Sensitivities(const EngineGradients& g) {
  std::vector<Matrix<double>> out(g.dw.size());
  for (size_t l = 1; l < g.dw.size(); ++l) {
    out[l] = Sensitivity(g.delta[l + 1], g.parameters.w[l]);
  }
  return out;
}

}  // namespace initscope
