#include "io/results_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "engine/statistics.h"
#include "spec/keys.h"
#include "spec/run_id.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

// The hidden width that all hidden layers share; −1 if they differ or there
// is none.
int64_t HiddenWidth(const RunSpec& run) {
  const auto begin = run.widths.begin() + 1;
  const auto end = run.widths.end() - 1;
  if (begin >= end) return -1;
  const bool same =
      std::all_of(begin, end, [&](size_t width) { return width == *begin; });
  return same ? static_cast<int64_t>(*begin) : -1;
}

template <typename Row>
std::vector<std::string> NamesOf(std::span<const Row> table) {
  std::vector<std::string> names;
  for (const Row& row : table) names.emplace_back(row.name);
  return names;
}

template <size_t n>
std::vector<std::string> NamesOf(const std::string_view (&names)[n]) {
  return {std::begin(names), std::end(names)};
}

// How a column of /runs is made from the runs.
class ColumnMaker {
 public:
  explicit ColumnMaker(const std::vector<RunSpec>& runs) : runs_(runs) {}

  template <typename Value>
  void Add(const std::string& name, const std::string& long_name,
           const std::function<Value(const RunSpec&)>& get,
           std::vector<std::string> categories = {}) {
    std::vector<Value> values;
    values.reserve(runs_.size());
    for (const RunSpec& run : runs_) values.push_back(get(run));
    columns.push_back(
        {name, long_name, "", std::move(values), std::move(categories)});
  }

  void AddKey(const Key& key);

  std::vector<Column> columns;

 private:
  const std::vector<RunSpec>& runs_;
};

template <typename Row>
uint8_t CodeOf(const Row* row, std::span<const Row> table) {
  return static_cast<uint8_t>(row - table.data());
}

// The column of one key. A new key needs a line here.
void ColumnMaker::AddKey(const Key& key) {
  using Run = const RunSpec&;
  const std::string name(key.name), help(key.help);
  const auto text = [&](const std::function<std::string(Run)>& get) {
    Add<std::string>(name, help, get);
  };
  const auto real = [&](const std::function<double(Run)>& get) {
    Add<double>(name, help, get);
  };
  const auto whole = [&](const std::function<int64_t(Run)>& get) {
    Add<int64_t>(name, help, get);
  };
  const auto seed = [&](const std::function<uint64_t(Run)>& get) {
    Add<uint64_t>(name, help, get);
  };
  const auto code = [&](const std::function<uint8_t(Run)>& get,
                        std::vector<std::string> categories) {
    Add<uint8_t>(name, help, get, std::move(categories));
  };
  if (name == "activation") {
    code([](Run r) { return CodeOf(r.activation, Activations()); },
         NamesOf(Activations()));
  } else if (name == "init") {
    code([](Run r) { return CodeOf(r.init, Initializers()); },
         NamesOf(Initializers()));
  } else if (name == "loss") {
    code([](Run r) { return CodeOf(r.loss, Losses()); }, NamesOf(Losses()));
  } else if (name == "bias_init") {
    code([](Run r) { return static_cast<uint8_t>(r.bias_init); },
         NamesOf(kBiasInitNames));
  } else if (name == "standardize") {
    code([](Run r) { return static_cast<uint8_t>(r.standardize); },
         NamesOf(kStandardizeNames));
  } else if (name == "precision") {
    code([](Run r) { return static_cast<uint8_t>(r.precision); },
         NamesOf(kPrecisionNames));
  } else if (name == "engine") {
    code([](Run r) { return static_cast<uint8_t>(r.engine); },
         NamesOf(kEngineNames));
  } else if (name == "gain") {
    real([](Run r) { return r.gain; });
  } else if (name == "bias_std") {
    real([](Run r) { return r.bias_std; });
  } else if (name == "input_variance") {
    real([](Run r) { return r.input_variance; });
  } else if (name == "input_correlation") {
    real([](Run r) { return r.input_correlation; });
  } else if (name == "label_smoothing") {
    real([](Run r) { return r.label_smoothing; });
  } else if (name == "learning_rate") {
    real([](Run r) { return r.training.rule.learning_rate; });
  } else if (name == "momentum") {
    real([](Run r) { return r.training.rule.momentum; });
  } else if (name == "weight_decay") {
    real([](Run r) { return r.training.rule.weight_decay; });
  } else if (name == "steps") {
    whole([](Run r) { return static_cast<int64_t>(r.training.steps); });
  } else if (name == "samples") {
    whole([](Run r) {
      return r.samples ? static_cast<int64_t>(r.samples->samples()) : 0;
    });
  } else if (name == "depth") {
    whole([](Run r) { return static_cast<int64_t>(r.depth()); });
  } else if (name == "width") {
    whole(HiddenWidth);
  } else if (name == "input_width") {
    whole([](Run r) { return static_cast<int64_t>(r.widths.front()); });
  } else if (name == "output_width") {
    whole([](Run r) { return static_cast<int64_t>(r.widths.back()); });
  } else if (name == "batch") {
    whole([](Run r) { return static_cast<int64_t>(r.batch); });
  } else if (name == "batches") {
    whole([](Run r) { return static_cast<int64_t>(r.batches); });
  } else if (name == "seed") {
    seed([](Run r) { return r.seed; });
  } else if (name == "data_seed") {
    seed([](Run r) { return r.data_seed; });
  } else if (name == "shape") {
    text([](Run r) { return r.Shape(); });
  } else if (name == "input") {
    text([](Run r) { return r.input; });
  } else if (name == "labels") {
    text([](Run r) { return r.labels; });
  } else if (name == "classes") {
    text([](Run r) { return r.classes; });
  } else {
    INITSCOPE_CHECK(name == "name" || name == "output" || name == "jobs" ||
                    name == "record" || name == "theory" ||
                    name == "jacobian" || name == "jacobian_samples");
  }
}

// Each run's value `count(run)` times.
ColumnValues Repeat(const ColumnValues& values, size_t runs,
                    const std::function<size_t(size_t)>& count) {
  return std::visit(
      [&](const auto& column) -> ColumnValues {
        std::decay_t<decltype(column)> repeated;
        for (size_t i = 0; i < runs; ++i) {
          repeated.insert(repeated.end(), count(i), column[i]);
        }
        return repeated;
      },
      values);
}

}  // namespace

void AppendKeys(const std::vector<RunSpec>& runs,
                const std::vector<std::string>& swept,
                const std::function<size_t(size_t)>& count,
                std::vector<Column>* columns) {
  ColumnMaker make(runs);
  for (const Key& key : Keys()) {
    const bool always =
        key.name == "activation" || key.name == "init" || key.name == "seed";
    const bool is_swept =
        std::find(swept.begin(), swept.end(), key.name) != swept.end();
    if (always || is_swept) make.AddKey(key);
  }
  for (Column& column : make.columns) {
    column.values = Repeat(column.values, runs.size(), count);
    columns->push_back(std::move(column));
  }
}

namespace {

// theory_…, NaN where a run has none; no columns where no run has any.
void AppendTheory(const std::vector<RunSpec>& runs,
                  const std::vector<RunResult>& results,
                  std::vector<Column>* columns) {
  if (std::all_of(results.begin(), results.end(),
                  [](const RunResult& r) { return r.theory.empty(); })) {
    return;
  }
  const auto theory = TheoryColumns();
  for (size_t k = 0; k < theory.size(); ++k) {
    std::vector<double> values;
    for (size_t i = 0; i < runs.size(); ++i) {
      const size_t rows = results[i].recorded.size() * (runs[i].depth() + 1);
      const std::vector<double>& all = results[i].theory;
      for (size_t row = 0; row < rows; ++row) {
        const size_t at = row * theory.size() + k;
        values.push_back(at < all.size() ? all[at] : kNoTheory);
      }
    }
    columns->push_back(
        {theory[k].name, theory[k].long_name, "", std::move(values), {}});
  }
}

}  // namespace

std::vector<Column> RunColumns(const std::vector<RunSpec>& runs,
                               const std::vector<RunResult>& results) {
  ColumnMaker make(runs);
  make.Add<uint64_t>("run_id",
                     "first 64 bits of the SHA-256 of what the run computes",
                     [](const RunSpec& r) { return r.run_id; });
  make.Add<std::string>("run_id_hex", "run_id in hexadecimal",
                        [](const RunSpec& r) { return RunIdHex(r.run_id); });
  const bool trains =
      std::any_of(runs.begin(), runs.end(),
                  [](const RunSpec& run) { return run.training.steps > 0; });
  const CommandSet known = trains ? kNetworks : kSimulation;
  for (const Key& key : Keys()) {
    if ((key.commands & known) != 0) make.AddKey(key);
  }
  make.Add<std::string>("widths", "every width, input to output",
                        [](const RunSpec& r) {
                          return fmt::format("{}", fmt::join(r.widths, " "));
                        });
  make.Add<int64_t>("input_index",
                    "row of /inputs; -1 where the input is drawn",
                    [](const RunSpec& r) {
                      return r.input_kind == InputKind::kData
                                 ? static_cast<int64_t>(r.input_index)
                                 : int64_t{-1};
                    });
  const auto of_result = [&](const char* name, const char* long_name,
                             double RunResult::*member) {
    std::vector<double> values;
    for (const RunResult& result : results) values.push_back(result.*member);
    make.columns.push_back({name, long_name, "", std::move(values), {}});
  };
  of_result("loss_value", "loss, mean over batches", &RunResult::loss_value);
  of_result("label_entropy", "entropy of the targets in nats, sample mean",
            &RunResult::label_entropy);
  of_result("cross_entropy",
            "cross entropy of targets and outputs in nats, sample mean",
            &RunResult::cross_entropy);
  of_result("kl_divergence",
            "KL divergence of the outputs from the targets in nats, sample "
            "mean",
            &RunResult::kl_divergence);
  std::vector<int64_t> non_finite;
  std::vector<uint8_t> status;
  for (const RunResult& result : results) {
    non_finite.push_back(result.first_non_finite_layer);
    INITSCOPE_CHECK(result.complete);
    status.push_back(result.diverged);
  }
  make.columns.push_back({"first_non_finite_layer",
                          "first layer whose pre-activation or delta has an "
                          "entry that is not finite; -1 if none",
                          "",
                          std::move(non_finite),
                          {}});
  of_result("wall_seconds", "the run's share of its bundle's time, in s",
            &RunResult::wall_seconds);
  make.columns.push_back({"status",
                          "how the run ended",
                          "",
                          std::move(status),
                          {"complete", "diverged"}});
  return std::move(make.columns);
}

std::vector<Column> LayerColumns(const std::vector<RunSpec>& runs,
                                 const std::vector<RunResult>& results,
                                 const std::vector<std::string>& swept) {
  std::vector<int64_t> run_index, step, layer, fan_in, fan_out;
  for (size_t i = 0; i < runs.size(); ++i) {
    const size_t rows = runs[i].depth() + 1;
    for (size_t r = 0; r < results[i].recorded.size() * rows; ++r) {
      const size_t l = r % rows;
      run_index.push_back(static_cast<int64_t>(i));
      step.push_back(static_cast<int64_t>(results[i].recorded[r / rows]));
      layer.push_back(static_cast<int64_t>(l));
      const bool weights = l > 0;
      fan_in.push_back(weights ? static_cast<int64_t>(runs[i].widths[l - 1])
                               : 0);
      fan_out.push_back(weights ? static_cast<int64_t>(runs[i].widths[l]) : 0);
    }
  }
  std::vector<Column> columns;
  columns.push_back(
      {"run_index", "row of /runs, from 0", "", std::move(run_index), {}});
  columns.push_back(
      {"step", "training step; 0 at initialization", "", std::move(step), {}});
  columns.push_back(
      {"layer", "layer l = 0 (input) … L (output)", "", std::move(layer), {}});
  columns.push_back(
      {"fan_in", "rows of W_(l-1); 0 at l = 0", "", std::move(fan_in), {}});
  columns.push_back({"fan_out",
                     "columns of W_(l-1); 0 at l = 0",
                     "",
                     std::move(fan_out),
                     {}});

  // None where theory was asked for alone.
  const bool measured =
      std::any_of(results.begin(), results.end(),
                  [](const RunResult& r) { return !r.statistics.empty(); });
  const auto statistics = StatisticColumns();
  for (size_t k = 0; k < statistics.size() && measured; ++k) {
    std::vector<double> values;
    for (size_t i = 0; i < runs.size(); ++i) {
      const std::vector<double>& all = results[i].statistics;
      for (size_t at = k; at < all.size(); at += statistics.size()) {
        values.push_back(all[at]);
      }
    }
    columns.push_back({statistics[k].name,
                       statistics[k].long_name,
                       statistics[k].formula,
                       std::move(values),
                       {}});
  }

  AppendTheory(runs, results, &columns);
  AppendKeys(
      runs, swept,
      [&](size_t i) {
        return results[i].recorded.size() * (runs[i].depth() + 1);
      },
      &columns);
  return columns;
}

std::vector<Column> StepColumns(const std::vector<RunSpec>& runs,
                                const std::vector<RunResult>& results,
                                const std::vector<std::string>& swept) {
  std::vector<int64_t> run_index, step;
  std::vector<double> loss, accuracy;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (size_t k = 0; k < results[i].steps.size(); ++k) {
      run_index.push_back(static_cast<int64_t>(i));
      step.push_back(static_cast<int64_t>(k));
      loss.push_back(results[i].steps[k].loss_value);
      accuracy.push_back(results[i].steps[k].accuracy);
    }
  }
  std::vector<Column> columns;
  columns.push_back(
      {"run_index", "row of /runs, from 0", "", std::move(run_index), {}});
  columns.push_back({"step",
                     "training step, before it moves the weights",
                     "",
                     std::move(step),
                     {}});
  columns.push_back(
      {"loss_value", "loss of the step's minibatch", "", std::move(loss), {}});
  columns.push_back({"accuracy",
                     "share of the minibatch whose largest logit is that of "
                     "its label; NaN without labels",
                     "",
                     std::move(accuracy),
                     {}});
  AppendKeys(
      runs, swept, [&](size_t i) { return results[i].steps.size(); }, &columns);
  return columns;
}

}  // namespace initscope
