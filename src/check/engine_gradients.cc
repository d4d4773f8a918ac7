#include "check/engine_gradients.h"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <utility>

#include "base/error.h"
#include "engine/engine.h"
#include "spec/run_id.h"
#include "stats/scaled_double.h"

namespace initscope {
namespace {

class GradientKeeper : public TensorObserver {
 public:
  GradientKeeper(const RunSpec& run, EngineGradients* kept)
      : run_(run),
        parameters_(kept->parameters),
        of_layers_{{Tensor::kW, &parameters_.w},
                   {Tensor::kB, &parameters_.b},
                   {Tensor::kDelta, &kept->delta},
                   {Tensor::kDW, &kept->dw},
                   {Tensor::kDb, &kept->db}} {
    for (auto& [name, tensors] : of_layers_) tensors->resize(run.depth());
    kept->delta.resize(run.depth() + 1);
  }

  void Observe(Tensor, size_t, const ScaledMatrix<float>&) override {
    INITSCOPE_CHECK(false && "gradients are checked in float64");
  }

  void Observe(Tensor name, size_t layer,
               const ScaledMatrix<double>& tensor) override {
    Matrix<double> plain = Plain(name, layer, tensor);
    if (const auto kept = of_layers_.find(name); kept != of_layers_.end()) {
      (*kept->second)[layer] = std::move(plain);
    } else if (name == Tensor::kTarget) {
      parameters_.target = std::move(plain);
    } else if (name == Tensor::kX && layer == 0) {
      parameters_.x = std::move(plain);
    }
  }

 private:
  Matrix<double> Plain(Tensor name, size_t layer,
                       const ScaledMatrix<double>& tensor) const {
    Matrix<double> plain(tensor.rows(), tensor.cols());
    for (size_t i = 0; i < tensor.rows(); ++i) {
      for (size_t j = 0; j < tensor.cols(); ++j) {
        const ScaledDouble entry = {tensor.mantissa(i, j), tensor.exponent[i]};
        plain(i, j) = entry.ToDouble();
        if (!std::isfinite(plain(i, j))) FailOverflow(name, layer, entry);
      }
    }
    return plain;
  }

  [[noreturn]] void FailOverflow(Tensor name, size_t layer,
                                 ScaledDouble entry) const {
    const bool logits = name == Tensor::kZ && layer == run_.depth();
    const double digits =
        ScaledDouble{std::abs(entry.value), entry.exponent}.Log10();
    const std::string tensor =
        logits ? "the logits overflow"
               : fmt::format("{}_{} overflows",
                             kTensorNames[static_cast<int>(name)], layer);
    RefuseRun(
        run_,
        fmt::format(
            "{}{}, and differences are taken in double; lower "
            "gain or depth",
            tensor,
            std::isfinite(digits) ? fmt::format(": 10^{:.0f}", digits) : ""));
  }

  const RunSpec& run_;
  NetworkParameters& parameters_;
  const std::map<Tensor, std::vector<Matrix<double>>*> of_layers_;
};

Matrix<double> Sensitivity(const Matrix<double>& delta,
                           const Matrix<double>& w) {
  Matrix<double> out(delta.rows(), w.rows());
  for (size_t s = 0; s < delta.rows(); ++s) {
    for (size_t i = 0; i < w.rows(); ++i) {
      out(s, i) =
          std::inner_product(w.row(i), w.row(i) + w.cols(), delta.row(s), 0.0);
    }
  }
  return out;
}

}  // namespace

EngineGradients ComputeGradients(const RunSpec& run, StopFlag stop) {
  INITSCOPE_CHECK(run.precision == Precision::kFloat64 && run.batches == 1);
  EngineGradients gradients;
  gradients.parameters.network = run;
  gradients.parameters.loss = run.loss;
  GradientKeeper keeper(run, &gradients);
  RunResult result;
  SimulateBundle({&run}, {stop, &keeper}, {&result});
  gradients.loss = result.loss_value;
  return gradients;
}

std::vector<Matrix<double>> Sensitivities(const EngineGradients& g) {
  std::vector<Matrix<double>> out(g.dw.size());
  for (size_t l = 1; l < g.dw.size(); ++l) {
    out[l] = Sensitivity(g.delta[l + 1], g.parameters.w[l]);
  }
  return out;
}

}  // namespace initscope
