#include "check/engine_gradients.h"

#include <fmt/format.h>

#include <cmath>
#include <string_view>
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
      : run_(run), kept_(*kept) {
    NetworkParameters& p = kept_.parameters;
    for (auto* tensors : {&p.w, &p.b, &kept_.dw, &kept_.db}) {
      tensors->resize(run.depth());
    }
    kept_.delta.resize(run.depth() + 1);
  }

  void Observe(Tensor, size_t, const ScaledMatrix<float>&) override {
    INITSCOPE_CHECK(false && "gradients are checked in float64");
  }

  void Observe(Tensor name, size_t layer,
               const ScaledMatrix<double>& tensor) override {
    Matrix<double> plain = Plain(name, layer, tensor);
    NetworkParameters& p = kept_.parameters;
    switch (name) {
      case Tensor::kX:
        if (layer == 0) p.x = std::move(plain);
        break;
      case Tensor::kZ:
        break;
      case Tensor::kTarget:
        p.target = std::move(plain);
        break;
      case Tensor::kW:
        p.w[layer] = std::move(plain);
        break;
      case Tensor::kB:
        p.b[layer] = std::move(plain);
        break;
      case Tensor::kDelta:
        kept_.delta[layer] = std::move(plain);
        break;
      case Tensor::kDW:
        kept_.dw[layer] = std::move(plain);
        break;
      case Tensor::kDb:
        kept_.db[layer] = std::move(plain);
        break;
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
    throw UserError(
        ExitCode::kUsage,
        fmt::format(
            "run {} ({}): {} overflow{}{}, and differences are taken in "
            "double; lower gain or depth",
            RunIdHex(run_.run_id), run_.Title(),
            logits ? "the logits"
                   : fmt::format("{}_{}", kTensorNames[static_cast<int>(name)],
                                 layer),
            logits ? "" : "s",
            std::isfinite(digits) ? fmt::format(": 10^{:.0f}", digits) : ""));
  }

  const RunSpec& run_;
  EngineGradients& kept_;
};

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

}  // namespace initscope
