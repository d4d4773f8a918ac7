// initscope trace: one run with every tensor saved.

#include <fmt/format.h>

#include <utility>

#include "cli/commands.h"
#include "cli/ending.h"
#include "cli/input_text.h"
#include "cli/say.h"
#include "cli/step_text.h"
#include "engine/engine.h"
#include "engine/training.h"
#include "io/results_writer.h"
#include "linalg/plain_matrix.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// The name in the file of the engine's tensor.
std::string TensorName(Tensor name, size_t layer, const RunSpec& run) {
  if (name == Tensor::kTarget) return std::string(run.loss->target_symbol());
  return fmt::format("{}_{}", kTensorNames[static_cast<int>(name)], layer);
}

// Writes each tensor as the engine shows it, as plain numbers.
class TensorSaver : public TensorObserver {
 public:
  TensorSaver(const RunSpec& run, Hdf5Writer* writer, bool print)
      : run_(run), writer_(writer), print_(print), steps_(run) {
    writer_->CreateGroup("/tensors");
  }

  void Observe(Tensor name, size_t layer,
               const ScaledMatrix<float>& tensor) override {
    Save<float>(name, layer, tensor);
  }

  void Observe(Tensor name, size_t layer,
               const ScaledMatrix<double>& tensor) override {
    // Some are double in any run; the file keeps the run's precision.
    if (run_.precision == Precision::kFloat32) {
      Save<float>(name, layer, tensor);
    } else {
      Save<double>(name, layer, tensor);
    }
  }

 private:
  template <typename T, typename Source>
  void Save(Tensor name, size_t layer, const ScaledMatrix<Source>& tensor) {
    const std::string title = TensorName(name, layer, run_);
    Matrix<T> plain(tensor.rows(), tensor.cols());
    if (const auto lost = ToPlain(tensor, &plain)) {
      FailUsage("{}: entry ({}, {}) is {}·2^{}, which {} cannot hold; use {}",
                title, lost->row, lost->col,
                tensor.mantissa(lost->row, lost->col),
                tensor.exponent[lost->row],
                kPrecisionNames[static_cast<int>(run_.precision)],
                sizeof(T) == 4 ? "precision = float64 or fewer layers"
                               : "fewer layers");
    }
    writer_->WriteMatrix("/tensors/" + title, plain.view());
    if (print_) {
      const ConstMatrixView<T> view = plain.view();
      fmt::print("{}", steps_.Add(name, layer, view));
    }
  }

  const RunSpec& run_;
  Hdf5Writer* writer_;
  bool print_;
  StepText steps_;
};

}  // namespace

int TraceCommand(const Options& options) {
  const Experiment experiment = LoadExperiment(options);
  CheckOneRun(experiment, experiment.runs.size(), "trace saves");
  const RunSpec run = experiment.runs[0];
  if (run.batches != 1) {
    FailUsage("{}: trace saves one batch; set batches = 1", experiment.title);
  }
  const InterruptFlag interrupt;
  OutputFile output = MakeOutput(experiment, options, "-trace");
  RunResult result;
  bool print = options.print;
  try {
    // If the first place fails, the run is computed again for another one.
    Publish(&output, [&](Hdf5Writer* writer) {
      TensorSaver saver(run, writer, std::exchange(print, false));
      const EngineOptions engine = {&interrupt.raised(), &saver};
      result = {};
      if (run.training.steps > 0) {
        TrainRun(run, engine, &result);
      } else {
        SimulateBundle({&run}, engine, {&result});
      }
      writer->SetText("/tensors", "loss", run.loss->name);
      writer->SetNumber("/tensors", "loss_value", result.loss_value);
      writer->SetText("/tensors", "activation", run.activation->name);
      WriteResults(experiment.Describe(), {run}, {result},
                   experiment.sweep->swept, experiment.inputs, writer);
    });
  } catch (const Interrupted&) {
    return EndInterrupted(interrupt, 0, 1);
  }
  PrintInputs(experiment, options);
  const std::string shape =
      run.depth() > 8 ? fmt::format("depth {}", run.depth()) : run.Shape();
  Tell(options, output,
       {{"run_id", RunIdHex(run.run_id)}, {"loss_value", result.loss_value}},
       fmt::format("{} ({}): loss {:.6g}", run.Title(), shape,
                   result.loss_value));
  return 0;
}

}  // namespace initscope
