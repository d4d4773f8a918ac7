#include "engine/jacobian.h"

#include <algorithm>
#include <utility>

#include "base/parallel.h"
#include "linalg/matrix_product.h"
#include "linalg/singular_values.h"

namespace initscope {

// The product of the layers multiplied so far, for one sample: from the left of
// J, or of Jᵀ if J has fewer columns than rows.
template <typename T>
struct JacobianChain {
  const ForwardPass<T>* pass;
  size_t sample;
  Matrix<double> product;
  int64_t exponent = 0;
};

namespace {

template <typename T>
Matrix<double> InDouble(const Matrix<T>& u) {
  Matrix<double> out(u.rows(), u.cols());
  std::copy_n(u.data(), u.size(), out.data());
  return out;
}

Matrix<double> Transposed(const Matrix<double>& a) {
  Matrix<double> out(a.cols(), a.rows());
  for (size_t i = 0; i < a.rows(); ++i) {
    for (size_t j = 0; j < a.cols(); ++j) out(j, i) = a(i, j);
  }
  return out;
}

// product ← product·D with the slopes D at `layer`.
template <typename T>
void MultiplyBySlopes(size_t layer, JacobianChain<T>* chain) {
  const PackedBatch<T>& slope = chain->pass->slope(layer);
  std::vector<T> d(slope.units());
  CopySample(slope, chain->sample, d.data());
  for (size_t i = 0; i < chain->product.rows(); ++i) {
    double* row = chain->product.row(i);
    for (size_t j = 0; j < d.size(); ++j) row[j] *= d[j];
  }
  chain->exponent += slope.exponent[chain->sample];
}

}  // namespace

template <typename T>
void Jacobians<T>::Measure(const std::vector<ForwardPass<T>*>& passes,
                           const NetworkWeights<T>& weights,
                           const EngineOptions& options) {
  std::vector<JacobianChain<T>> chains;
  for (const ForwardPass<T>* pass : passes) {
    for (size_t i = 0; i < pass->run().jacobian_samples; ++i) {
      chains.push_back({pass, i, {}});
    }
  }
  if (chains.empty()) return;
  const size_t depth = weights.size();
  const RunSpec& shape = passes.front()->run();
  const bool transposed = shape.outputs() < shape.inputs();
  for (size_t k = 0; k < depth; ++k) {
    options.stop.Check();
    const size_t l = transposed ? depth - 1 - k : k;
    const Matrix<double> u = InDouble(weights[l]->Entries(options.stop));
    ParallelFor(chains.size(), options.workers(), [&](size_t i) {
      JacobianChain<T>& chain = chains[i];
      Matrix<double>& j = chain.product;
      if (k == 0) {
        j = transposed ? Transposed(u) : InDouble(u);
      } else if (transposed) {
        MultiplyBySlopes(l + 1, &chain);
        j = ProductWithTransposed(j.view(), u.view());
      } else {
        MultiplyBySlopes(l, &chain);
        j = Product(j.view(), u.view());
      }
      NormalizeRow(j.data(), j.size(), &chain.exponent);
    });
  }
  std::vector<JacobianSpectrum> spectra(chains.size());
  ParallelFor(chains.size(), options.workers(), [&](size_t i) {
    spectra[i] = {SingularValues(chains[i].product.view(), options.stop),
                  chains[i].exponent};
  });
  for (size_t i = 0; i < chains.size(); ++i) {
    unit_[chains[i].pass].push_back(std::move(spectra[i]));
  }
}

template <typename T>
std::vector<JacobianSpectrum> Jacobians<T>::Of(const ForwardPass<T>& pass,
                                               const RunSpec& run) const {
  ScaledDouble scale = {1, 0};
  for (size_t l = 0; l < run.depth(); ++l) {
    scale = scale * pass.WeightScale(run, l);
  }
  std::vector<JacobianSpectrum> spectra = unit_.at(&pass);
  for (JacobianSpectrum& spectrum : spectra) {
    for (double& s : spectrum.values) s *= scale.value;
    spectrum.exponent += scale.exponent;
  }
  return spectra;
}

JacobianSummary Summarize(const std::vector<JacobianSpectrum>& spectra) {
  JacobianSummary sum;
  for (const JacobianSpectrum& spectrum : spectra) {
    const double n = static_cast<double>(spectrum.values.size());
    const double largest = spectrum.values[0];
    double mean = 0, variance = 0;
    for (double s : spectrum.values) {
      mean += largest == 0 ? 0 : (s / largest) * (s / largest) / n;
    }
    for (double s : spectrum.values) {
      const double deviation = (s / largest) * (s / largest) / mean - 1;
      variance += deviation * deviation / n;
    }
    sum.second_moment =
        sum.second_moment +
        ScaledDouble{mean, 2 * spectrum.exponent} * largest * largest;
    sum.largest = sum.largest + ScaledDouble{largest, spectrum.exponent};
    sum.squared_variance += variance;
  }
  const double count = static_cast<double>(spectra.size());
  return {sum.second_moment * (1 / count), sum.largest * (1 / count),
          sum.squared_variance / count};
}

template class Jacobians<float>;
template class Jacobians<double>;

}  // namespace initscope
