// The keys of run, train, plan and trace, in the order in which `--help`, the
// columns of results files and the titles of groups have them.

#include <fmt/format.h>

#include <algorithm>

#include "base/number_text.h"
#include "spec/key_kinds.h"

namespace initscope {
namespace {

using Run = const RunSpec&;
using Identity = std::optional<std::string>;

constexpr double kTiny = std::numeric_limits<double>::min();
constexpr long double kMostUnits = 4294967296.0L;    // 2^32
constexpr long double kMostSamples = 2147483648.0L;  // 2^31

KeyValue Whole(size_t value) { return static_cast<int64_t>(value); }

Identity Unless(std::string text, std::string_view fallback) {
  if (text == fallback) return std::nullopt;
  return text;
}

// The width of the hidden layers; −1 if their widths differ or there are none.
int64_t HiddenWidth(Run run) {
  if (run.depth() < 2) return -1;
  const size_t width = run.width(1);
  const bool same =
      std::all_of(run.layers.begin() + 1, run.layers.end(),
                  [&](const LayerSpec& l) { return l.fan_in == width; });
  return same ? static_cast<int64_t>(width) : -1;
}

bool Trains(Run run) { return run.training.steps > 0; }

std::vector<KeyOf<RunSpec>> BasicKeys() {
  return {
      RuledKey<RunSpec>(
          KeyType::kText,
          {"name", "name of the experiment; results go to results/NAME.h5",
           "mine", kEveryCommand, kAnyValue, "the file's name", kNoSweep}),
      RowKey<RunSpec>(&NetworkSpec::activation, Activations(),
                      {"activation", "see 'list activations'", "relu",
                       kNetworks, kAnyValue, "tanh"}),
      InitKey<RunSpec>(),
      GainKey<RunSpec>(),
      // The run id leaves out `normal`, whatever the initializer's own default:
      // the id says what is computed. So torch_default without biases keeps the
      // id it had when that was its default, and torch_default with biases has
      // the id of a run that asks for them by name.
      ByRule(NameKey<RunSpec>(
          &NetworkSpec::bias_init, NamesOf<kBiasInitNames>(),
          {"bias_init",
           "normal (with bias_std) or torch_default (U(±1/√fan_in))",
           "torch_default", kNetworks, kAnyValue,
           "normal; torch_default for init = torch_default without bias_std"})),
      RealKey<RunSpec>(
          &NetworkSpec::bias_std,
          {"bias_std", "standard deviation of normal biases; 0 is exactly zero",
           "0.1", kNetworks, Between(0, 1e30)}),
  };
}

std::vector<KeyOf<RunSpec>> ShapeKeys() {
  return {
      RuledKey<RunSpec>(KeyType::kWhole,
                        {"depth", "weight layers L, of which L - 1 are hidden",
                         "30", kNetworks, Between(1, 1000000), "10"},
                        [](Run run) { return Whole(run.depth()); }),
      RuledKey<RunSpec>(KeyType::kWhole,
                        {"width", "units of each hidden layer", "100",
                         kNetworks, Between(1, kMostUnits), "256"},
                        [](Run run) -> KeyValue { return HiddenWidth(run); }),
      RuledKey<RunSpec>(KeyType::kWhole,
                        {"input_width", "features per sample", "50", kNetworks,
                         Between(1, kMostUnits), "the data's, else width"},
                        [](Run run) { return Whole(run.inputs()); }),
      RuledKey<RunSpec>(KeyType::kWhole,
                        {"output_width", "outputs", "10", kNetworks,
                         Between(1, kMostUnits), "the classes, else width"},
                        [](Run run) { return Whole(run.outputs()); }),
      RuledKey<RunSpec>(
          KeyType::kText,
          {"shape",
           "every width, as 784x300x100x10; instead of depth and widths",
           "20x40x10", kNetworks, kAnyValue, "-"},
          [](Run run) -> KeyValue { return run.Shape(); },
          [](Run run) { return run.Shape(); }),
      WholeKey<RunSpec>(&InputSpec::batch,
                        {"batch", "samples per batch", "64", kNetworks,
                         Between(1, kMostSamples)}),
      WholeKey<RunSpec>(
          &InputSpec::batches,
          {"batches",
           "batches, each with its own loss; statistics pool their entries",
           "2", kNetworks, Between(1, kMostSamples)}),
  };
}

// The digest of the bytes as stored; /255 tells bytes from equal numbers.
Identity InputIdentity(Run run) {
  if (!run.samples) return Unless(run.input, "gaussian");
  const InputData& data = run.samples->data();
  return "sha256:" + data.sha256 + (data.bytes.empty() ? "" : "/255");
}

Identity LabelsIdentity(Run run) {
  if (!run.samples || run.samples->data().labels_sha256.empty()) {
    return std::nullopt;
  }
  return "sha256:" + run.samples->data().labels_sha256;
}

bool HasData(Run run) { return run.samples != nullptr; }

std::vector<KeyOf<RunSpec>> InputKeys() {
  return {
      RuledKey<RunSpec>(
          KeyType::kText,
          {"input",
           "gaussian, sphere, fashion-mnist-sample, fashion-mnist, or a file "
           "(.csv, .npy, .h5:/dataset, IDX; each also .gz)",
           "sphere", kNetworks, kAnyValue, "gaussian"},
          [](Run run) -> KeyValue { return run.input; }, InputIdentity),
      RuledKey<RunSpec>(
          KeyType::kText,
          {"labels", "a file with labels, or column:NAME of the input CSV",
           "column:y", kNetworks, kAnyValue, "the data's own", kNoSweep},
          [](Run run) -> KeyValue { return run.labels; }, LabelsIdentity),
      RuledKey<RunSpec>(
          KeyType::kText,
          {"classes", "labels to keep, such as 0,1; renumbered in this order",
           "0,1", kNetworks, kAnyValue, "all", kNoSweep},
          [](Run run) -> KeyValue { return run.classes; },
          [](Run run) { return Unless(run.classes, ""); }),
      RuledKey<RunSpec>(
          KeyType::kWhole,
          {"samples", "use only the first N samples of the data set", "100",
           kNetworks, Between(1, kMostUnits), "all"},
          [](Run run) {
            return Whole(run.samples ? run.samples->samples() : 0);
          },
          [](Run run) { return Unless(NumberText(run.most_samples), "0"); }),
      Where<RunSpec>(HasData, WithIdentity<RunSpec>(
                                  ByRule(NameKey<RunSpec>(
                                      &InputSpec::standardize,
                                      NamesOf<kStandardizeNames>(),
                                      {"standardize",
                                       "none, features (each to mean 0, "
                                       "variance 1) or global (all as one)",
                                       "features", kNetworks, kAnyValue,
                                       "global for data, else none"})),
                                  "global")),
      RealKey<RunSpec>(&InputSpec::input_variance,
                       {"input_variance", "variance of drawn inputs", "2",
                        kNetworks, Between(0, 1e12)}),
      RealKey<RunSpec>(
          &InputSpec::input_correlation,
          {"input_correlation",
           "correlation between samples of gaussian inputs, 0 to 1", "0.5",
           kNetworks, Between(0, 1)}),
  };
}

std::vector<KeyOf<RunSpec>> TargetKeys() {
  return {
      RuledKey<RunSpec>(
          KeyType::kName,
          {"loss", "see 'list losses'", "mse", kNetworks, kAnyValue,
           "softmax_cross_entropy, else probe"},
          [](Run run) -> KeyValue {
            return NameCode{static_cast<size_t>(run.loss - Losses().data()),
                            &RowNames(Losses())};
          },
          [](Run run) {
            return Unless(std::string(run.loss->name), run.DefaultLoss());
          }),
      RealKey<RunSpec>(
          &TargetSpec::label_smoothing,
          {"label_smoothing",
           "share of the uniform distribution in each target, 0 to 1", "0.1",
           kNetworks, Between(0, 1)}),
  };
}

// These identify a run only if it trains.
std::vector<KeyOf<RunSpec>> TrainingKeys() {
  const auto rule = [](double DescentRule::*member) {
    return [member](auto& run) -> auto& { return run.training.rule.*member; };
  };
  std::vector<KeyOf<RunSpec>> keys = {
      RuledKey<RunSpec>(
          KeyType::kWhole,
          {"steps", "steps of stochastic gradient descent, one minibatch each",
           "10", kTraining, Between(0, 1000000000), "100 for train, else 0"},
          [](Run run) { return Whole(run.training.steps); },
          [](Run run) { return NumberText(run.training.steps); }),
      RealKey<RunSpec>(rule(&DescentRule::learning_rate),
                       {"learning_rate", "learning rate of gradient descent",
                        "0.1", kTraining, Between(kTiny, 1e30)}),
      // From 1 on, the velocity would never decay.
      RealKey<RunSpec>(rule(&DescentRule::momentum),
                       {"momentum", "momentum of gradient descent, below 1",
                        "0.9", kTraining, Between(0, 0.9999999)}),
      RealKey<RunSpec>(
          rule(&DescentRule::weight_decay),
          {"weight_decay",
           "this multiple of each weight and bias is added to its gradient",
           "0.01", kTraining, Between(0, 1e30)}),
      RuledKey<RunSpec>(
          KeyType::kWhole,
          {"record", "steps to record: log (0, 1, 2, 5, 10, …) or a list",
           "0,1,10", kTraining, kAnyValue, "log", kNoSweep}),
  };
  for (KeyOf<RunSpec>& key : keys) {
    if (key.identity) key = Where<RunSpec>(Trains, std::move(key));
  }
  return keys;
}

std::vector<KeyOf<RunSpec>> MeasureKeys() {
  return {
      RuledKey<RunSpec>(
          KeyType::kName,
          {"jacobian",
           "on: singular values of J = ∂Z_L/∂X_0, widths up to 1024", "on",
           kSimulation, kAnyValue, "off", kNoSweep},
          {},
          [](Run run) -> Identity {
            if (run.jacobian_samples == 0) return std::nullopt;
            return "on";
          }),
      RuledKey<RunSpec>(
          KeyType::kWhole,
          {"jacobian_samples",
           "number of samples of the first batch whose Jacobian is computed",
           "4", kSimulation, Between(1, kMostSamples), "1", kNoSweep},
          {},
          [](Run run) -> Identity {
            if (run.jacobian_samples == 0) return std::nullopt;
            return Unless(NumberText(run.jacobian_samples), "1");
          }),
      SeedKey<RunSpec>(),
      WholeKey<RunSpec, uint64_t>(
          &InputSpec::data_seed,
          {"data_seed", "seed of the inputs, targets and probes", "7",
           kNetworks, Between(0, UINT64_MAX)}),
      NameKey<RunSpec>(
          &Measure::precision, NamesOf<kPrecisionNames>(),
          {"precision", "float32 or float64", "float64", kNetworks}),
      NameKey<RunSpec>(
          &Measure::engine, NamesOf<kEngineNames>(),
          {"engine", "how matrices are multiplied: packed", "", kNetworks}),
  };
}

// Keys of the experiment as a whole, not of its runs.
std::vector<KeyOf<RunSpec>> ExperimentKeys() {
  return {
      RuledKey<RunSpec>(KeyType::kText,
                        {"output", "results file", "mine.h5", kEveryCommand,
                         kAnyValue, "results/NAME.h5", kNoSweep}),
      RuledKey<RunSpec>(KeyType::kWhole,
                        {"jobs", "number of runs at the same time", "2",
                         kEveryCommand, kAnyValue, "all cores", kNoSweep}),
      RuledKey<RunSpec>(
          KeyType::kName,
          {"theory", "on: add theory_ columns to the measured ones; off: none",
           "off", kSimulation, kAnyValue, "on", kNoSweep}),
  };
}

}  // namespace

const std::vector<KeyOf<RunSpec>>& NetworkKeys() {
  static const std::vector<KeyOf<RunSpec>> keys = [] {
    std::vector<KeyOf<RunSpec>> all;
    for (auto* part : {BasicKeys, ShapeKeys, InputKeys, TargetKeys,
                       TrainingKeys, MeasureKeys, ExperimentKeys}) {
      for (KeyOf<RunSpec>& key : part()) all.push_back(std::move(key));
    }
    return all;
  }();
  return keys;
}

}  // namespace initscope
