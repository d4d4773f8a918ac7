// The keys of run, train, plan and trace. Their order is that of `--help`, of
// the columns, and of the titles of groups.

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

// The hidden width that all hidden layers share; −1 if they differ or there
// is none.
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
      RuledKey<RunSpec>({.name = "name",
                         .commands = kEveryCommand,
                         .type = KeyType::kText,
                         .default_text = "the file's name",
                         .help = "what the experiment is called; results go to "
                                 "results/NAME.h5",
                         .example = "mine",
                         .sweepable = false}),
      RowKey<RunSpec>(&NetworkSpec::activation, Activations(),
                      {.name = "activation",
                       .commands = kNetworks,
                       .default_text = "tanh",
                       .help = "see 'list activations'",
                       .example = "relu"}),
      InitKey<RunSpec>(),
      GainKey<RunSpec>(),
      // The id leaves it out where it is normal, whatever the scheme's own: it
      // says what is computed, so torch_default without biases keeps the id
      // that it had when that was its default, and with them that of biases
      // asked for by name.
      ByRule(NameKey<RunSpec>(
          &NetworkSpec::bias_init, NamesOf<kBiasInitNames>(),
          {.name = "bias_init",
           .commands = kNetworks,
           .default_text =
               "normal; torch_default for init = torch_default without "
               "bias_std",
           .help = "normal (with bias_std) or torch_default (U(±1/√fan_in))",
           .example = "torch_default"})),
      RealKey<RunSpec>(
          &NetworkSpec::bias_std,
          {.name = "bias_std",
           .commands = kNetworks,
           .range = {0, 1e30},
           .help = "standard deviation of normal biases; 0 is exactly zero",
           .example = "0.1"}),
  };
}

std::vector<KeyOf<RunSpec>> ShapeKeys() {
  return {
      RuledKey<RunSpec>({.name = "depth",
                         .commands = kNetworks,
                         .type = KeyType::kWhole,
                         .range = {1, 1000000},
                         .default_text = "10",
                         .help = "weight layers L, of which L - 1 are hidden",
                         .example = "30"},
                        [](Run run) { return Whole(run.depth()); }),
      RuledKey<RunSpec>({.name = "width",
                         .commands = kNetworks,
                         .type = KeyType::kWhole,
                         .range = {1, kMostUnits},
                         .default_text = "256",
                         .help = "units of each hidden layer",
                         .example = "100"},
                        [](Run run) -> KeyValue { return HiddenWidth(run); }),
      RuledKey<RunSpec>({.name = "input_width",
                         .commands = kNetworks,
                         .type = KeyType::kWhole,
                         .range = {1, kMostUnits},
                         .default_text = "the data's, else width",
                         .help = "features per sample",
                         .example = "50"},
                        [](Run run) { return Whole(run.inputs()); }),
      RuledKey<RunSpec>({.name = "output_width",
                         .commands = kNetworks,
                         .type = KeyType::kWhole,
                         .range = {1, kMostUnits},
                         .default_text = "the classes, else width",
                         .help = "outputs",
                         .example = "10"},
                        [](Run run) { return Whole(run.outputs()); }),
      RuledKey<RunSpec>(
          {.name = "shape",
           .commands = kNetworks,
           .type = KeyType::kText,
           .default_text = "-",
           .help = "every width, as 784x300x100x10; instead of depth and "
                   "widths",
           .example = "20x40x10"},
          [](Run run) -> KeyValue { return run.Shape(); },
          [](Run run) { return run.Shape(); }),
      WholeKey<RunSpec>(&InputSpec::batch, {.name = "batch",
                                            .commands = kNetworks,
                                            .range = {1, kMostSamples},
                                            .help = "samples per batch",
                                            .example = "64"}),
      WholeKey<RunSpec>(
          &InputSpec::batches,
          {.name = "batches",
           .commands = kNetworks,
           .range = {1, kMostSamples},
           .help =
               "batches, each with its own loss; statistics pool their entries",
           .example = "2"}),
  };
}

// The digest is of bytes: those that are divided by 255 say so.
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
          {.name = "input",
           .commands = kNetworks,
           .type = KeyType::kText,
           .default_text = "gaussian",
           .help = "gaussian, sphere, fashion-mnist-sample, fashion-mnist, or "
                   "a file (.csv, .npy, .h5:/dataset, IDX; each also .gz)",
           .example = "sphere"},
          [](Run run) -> KeyValue { return run.input; }, InputIdentity),
      RuledKey<RunSpec>(
          {.name = "labels",
           .commands = kNetworks,
           .type = KeyType::kText,
           .default_text = "the data's own",
           .help = "another such file, or column:NAME of the CSV",
           .example = "column:y",
           .sweepable = false},
          [](Run run) -> KeyValue { return run.labels; }, LabelsIdentity),
      RuledKey<RunSpec>(
          {.name = "classes",
           .commands = kNetworks,
           .type = KeyType::kText,
           .default_text = "all",
           .help = "the labels to keep, as 0,1; they are renumbered in this "
                   "order",
           .example = "0,1",
           .sweepable = false},
          [](Run run) -> KeyValue { return run.classes; },
          [](Run run) { return Unless(run.classes, ""); }),
      RuledKey<RunSpec>(
          {.name = "samples",
           .commands = kNetworks,
           .type = KeyType::kWhole,
           .range = {1, kMostUnits},
           .default_text = "all",
           .help = "use only the first N samples of the data set",
           .example = "100"},
          [](Run run) {
            return Whole(run.samples ? run.samples->samples() : 0);
          },
          [](Run run) { return Unless(NumberText(run.most_samples), "0"); }),
      Where<RunSpec>(
          HasData,
          WithIdentity<RunSpec>(
              ByRule(NameKey<RunSpec>(
                  &InputSpec::standardize, NamesOf<kStandardizeNames>(),
                  {.name = "standardize",
                   .commands = kNetworks,
                   .default_text = "global for data, else none",
                   .help = "none, features (each to mean 0, variance 1) or "
                           "global (all as one)",
                   .example = "features"})),
              "global")),
      RealKey<RunSpec>(&InputSpec::input_variance, {.name = "input_variance",
                                                    .commands = kNetworks,
                                                    .range = {0, 1e12},
                                                    .help = "of drawn inputs",
                                                    .example = "2"}),
      RealKey<RunSpec>(
          &InputSpec::input_correlation,
          {.name = "input_correlation",
           .commands = kNetworks,
           .range = {0, 1},
           .help = "between two samples of gaussian inputs, 0 to 1",
           .example = "0.5"}),
      RuledKey<RunSpec>(
          {.name = "loss",
           .commands = kNetworks,
           .type = KeyType::kName,
           .default_text = "softmax_cross_entropy, else probe",
           .help = "see 'list losses'",
           .example = "mse"},
          [](Run run) -> KeyValue {
            return NameCode{static_cast<size_t>(run.loss - Losses().data()),
                            &RowNames(Losses())};
          },
          [](Run run) {
            return Unless(std::string(run.loss->name), run.DefaultLoss());
          }),
      RealKey<RunSpec>(&TargetSpec::label_smoothing,
                       {.name = "label_smoothing",
                        .commands = kNetworks,
                        .range = {0, 1},
                        .help = "share of the uniform distribution in each "
                                "target, 0 to 1",
                        .example = "0.1"}),
  };
}

// All of them identify a run only where it trains.
std::vector<KeyOf<RunSpec>> TrainingKeys() {
  const auto rule = [](double DescentRule::*member) {
    return [member](auto& run) -> auto& { return run.training.rule.*member; };
  };
  return {
      RuledKey<RunSpec>(
          {.name = "steps",
           .commands = kTraining,
           .type = KeyType::kWhole,
           .range = {0, 1000000000},
           .default_text = "100 for train, else 0",
           .help = "steps of stochastic gradient descent, one minibatch each",
           .example = "10"},
          [](Run run) { return Whole(run.training.steps); },
          [](Run run) -> Identity {
            if (!Trains(run)) return std::nullopt;
            return NumberText(run.training.steps);
          }),
      Where<RunSpec>(Trains, RealKey<RunSpec>(rule(&DescentRule::learning_rate),
                                              {.name = "learning_rate",
                                               .commands = kTraining,
                                               .range = {kTiny, 1e30},
                                               .help = "of gradient descent",
                                               .example = "0.1"})),
      // At 1 or beyond the velocity would never forget.
      Where<RunSpec>(Trains,
                     RealKey<RunSpec>(rule(&DescentRule::momentum),
                                      {.name = "momentum",
                                       .commands = kTraining,
                                       .range = {0, 0.9999999},
                                       .help = "of gradient descent, below 1",
                                       .example = "0.9"})),
      Where<RunSpec>(
          Trains,
          RealKey<RunSpec>(
              rule(&DescentRule::weight_decay),
              {.name = "weight_decay",
               .commands = kTraining,
               .range = {0, 1e30},
               .help = "times each weight and bias is added to its gradient",
               .example = "0.01"})),
      RuledKey<RunSpec>(
          {.name = "record",
           .commands = kTraining,
           .type = KeyType::kWhole,
           .default_text = "log",
           .help = "steps with statistics: log (0, 1, 2, 5, 10, …) or a list",
           .example = "0,1,10",
           .sweepable = false}),
  };
}

std::vector<KeyOf<RunSpec>> MeasureKeys() {
  return {
      RuledKey<RunSpec>(
          {.name = "jacobian",
           .commands = kSimulation,
           .type = KeyType::kName,
           .default_text = "off",
           .help = "on: singular values of J = ∂Z_L/∂X_0, widths up to 1024",
           .example = "on",
           .sweepable = false},
          {},
          [](Run run) -> Identity {
            if (run.jacobian_samples == 0) return std::nullopt;
            return "on";
          }),
      RuledKey<RunSpec>(
          {.name = "jacobian_samples",
           .commands = kSimulation,
           .type = KeyType::kWhole,
           .range = {1, kMostSamples},
           .default_text = "1",
           .help = "number of samples of the first batch whose Jacobian is "
                   "computed",
           .example = "4",
           .sweepable = false},
          {},
          [](Run run) -> Identity {
            if (run.jacobian_samples == 0) return std::nullopt;
            return Unless(NumberText(run.jacobian_samples), "1");
          }),
      SeedKey<RunSpec>(),
      WholeKey<RunSpec, uint64_t>(&InputSpec::data_seed,
                                  {.name = "data_seed",
                                   .commands = kNetworks,
                                   .range = {0, UINT64_MAX},
                                   .help = "of the inputs, targets and probes",
                                   .example = "7"}),
      NameKey<RunSpec>(&Measure::precision, NamesOf<kPrecisionNames>(),
                       {.name = "precision",
                        .commands = kNetworks,
                        .help = "float32 or float64",
                        .example = "float64"}),
      NameKey<RunSpec>(&Measure::engine, NamesOf<kEngineNames>(),
                       {.name = "engine",
                        .commands = kNetworks,
                        .help = "what multiplies the matrices: packed"}),
  };
}

// Of an experiment and not of its runs.
std::vector<KeyOf<RunSpec>> ExperimentKeys() {
  return {
      RuledKey<RunSpec>({.name = "output",
                         .commands = kEveryCommand,
                         .type = KeyType::kText,
                         .default_text = "results/NAME.h5",
                         .help = "results file",
                         .example = "mine.h5",
                         .sweepable = false}),
      RuledKey<RunSpec>({.name = "jobs",
                         .commands = kEveryCommand,
                         .type = KeyType::kWhole,
                         .default_text = "all cores",
                         .help = "runs at the same time",
                         .example = "2",
                         .sweepable = false}),
      RuledKey<RunSpec>(
          {.name = "theory",
           .commands = kSimulation,
           .type = KeyType::kName,
           .default_text = "on",
           .help = "on: theory_ columns beside what is measured; off: none",
           .example = "off",
           .sweepable = false}),
  };
}

}  // namespace

const std::vector<KeyOf<RunSpec>>& NetworkKeys() {
  static const std::vector<KeyOf<RunSpec>> keys = [] {
    std::vector<KeyOf<RunSpec>> all;
    for (auto* part : {BasicKeys, ShapeKeys, InputKeys, TrainingKeys,
                       MeasureKeys, ExperimentKeys}) {
      for (KeyOf<RunSpec>& key : part()) all.push_back(std::move(key));
    }
    return all;
  }();
  return keys;
}

}  // namespace initscope
