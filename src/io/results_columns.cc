#include "io/results_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/error.h"
#include "engine/statistics.h"
#include "spec/run_id.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

// The values of one alternative of KeyValue; codes as uint8_t.
template <typename Value>
ColumnValues ValuesOf(const std::vector<KeyValue>& values) {
  using Stored =
      std::conditional_t<std::is_same_v<Value, NameCode>, uint8_t, Value>;
  std::vector<Stored> column;
  for (const KeyValue& value : values) {
    if constexpr (std::is_same_v<Value, NameCode>) {
      column.push_back(static_cast<uint8_t>(std::get<NameCode>(value).index));
    } else {
      column.push_back(std::get<Value>(value));
    }
  }
  return column;
}

template <typename Spec>
Column ColumnOf(const KeyOf<Spec>& key, const std::vector<Spec>& runs) {
  std::vector<KeyValue> values;
  for (const Spec& run : runs) values.push_back(key.value(run));
  Column column{std::string(key.key.name), std::string(key.key.help), "", {}};
  column.is_key = true;
  if (values.empty()) return column;
  std::visit(
      [&](const auto& first) {
        using Value = std::decay_t<decltype(first)>;
        column.values = ValuesOf<Value>(values);
        if constexpr (std::is_same_v<Value, NameCode>) {
          column.categories.assign(first.names->begin(), first.names->end());
        }
      },
      values[0]);
  return column;
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

template <typename Spec>
std::vector<Column> KeyColumns(const std::vector<KeyOf<Spec>>& keys,
                               const std::vector<Spec>& runs,
                               const std::function<bool(const Key&)>& wanted) {
  std::vector<Column> columns;
  for (const KeyOf<Spec>& key : keys) {
    if (key.value && wanted(key.key)) columns.push_back(ColumnOf(key, runs));
  }
  return columns;
}

template std::vector<Column> KeyColumns(const std::vector<KeyOf<RunSpec>>&,
                                        const std::vector<RunSpec>&,
                                        const std::function<bool(const Key&)>&);
template std::vector<Column> KeyColumns(
    const std::vector<KeyOf<AttentionSpec>>&, const std::vector<AttentionSpec>&,
    const std::function<bool(const Key&)>&);

void AppendKeys(const std::vector<RunSpec>& runs,
                const std::vector<std::string>& swept,
                const std::function<size_t(size_t)>& count,
                std::vector<Column>* columns) {
  const auto wanted = [&](const Key& key) {
    return key.name == "activation" || key.name == "init" ||
           key.name == "seed" ||
           std::find(swept.begin(), swept.end(), key.name) != swept.end();
  };
  for (Column& column : KeyColumns(NetworkKeys(), runs, wanted)) {
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
        {theory[k].name, theory[k].long_name, "", std::move(values)});
  }
}

}  // namespace

std::vector<Column> RunColumns(const std::vector<RunSpec>& runs,
                               const std::vector<RunResult>& results) {
  std::vector<Column> columns;
  const auto of_run = [&](const char* name, const char* long_name, auto get) {
    std::vector<decltype(get(runs[0]))> values;
    for (const RunSpec& run : runs) values.push_back(get(run));
    columns.push_back({name, long_name, "", std::move(values)});
  };
  of_run("run_id", "first 64 bits of the SHA-256 of what the run computes",
         [](const RunSpec& r) { return r.run_id; });
  of_run("run_id_hex", "run_id in hexadecimal",
         [](const RunSpec& r) { return RunIdHex(r.run_id); });
  const bool trains =
      std::any_of(runs.begin(), runs.end(),
                  [](const RunSpec& run) { return run.training.steps > 0; });
  const CommandSet known = trains ? kNetworks : kSimulation;
  for (Column& column : KeyColumns(NetworkKeys(), runs, [&](const Key& key) {
         return (key.commands & known) != 0;
       })) {
    columns.push_back(std::move(column));
  }
  of_run("widths", "every width, input to output",
         [](const RunSpec& r) { return r.Shape(' '); });
  of_run("input_index", "row of /inputs; -1 where the input is drawn",
         [](const RunSpec& r) {
           return r.input_kind == InputKind::kData
                      ? static_cast<int64_t>(r.input_index)
                      : int64_t{-1};
         });
  const auto of_result = [&](const char* name, const char* long_name,
                             double RunResult::*member) {
    std::vector<double> values;
    for (const RunResult& result : results) values.push_back(result.*member);
    columns.push_back({name, long_name, "", std::move(values)});
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
  columns.push_back({"first_non_finite_layer",
                     "first layer whose pre-activation or delta has an "
                     "entry that is not finite; -1 if none",
                     "", std::move(non_finite)});
  of_result("wall_seconds", "the run's share of its bundle's time, in s",
            &RunResult::wall_seconds);
  columns.push_back({"status",
                     "how the run ended",
                     "",
                     std::move(status),
                     {"complete", "diverged"}});
  return columns;
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
      fan_in.push_back(
          weights ? static_cast<int64_t>(runs[i].layers[l - 1].fan_in) : 0);
      fan_out.push_back(
          weights ? static_cast<int64_t>(runs[i].layers[l - 1].fan_out) : 0);
    }
  }
  std::vector<Column> columns;
  columns.push_back(
      {"run_index", "row of /runs, from 0", "", std::move(run_index)});
  columns.push_back(
      {"step", "training step; 0 at initialization", "", std::move(step)});
  columns.push_back(
      {"layer", "layer l = 0 (input) … L (output)", "", std::move(layer)});
  columns.push_back(
      {"fan_in", "rows of W_(l-1); 0 at l = 0", "", std::move(fan_in)});
  columns.push_back(
      {"fan_out", "columns of W_(l-1); 0 at l = 0", "", std::move(fan_out)});

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
    columns.push_back({statistics[k].name, statistics[k].long_name,
                       statistics[k].formula, std::move(values)});
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
      {"run_index", "row of /runs, from 0", "", std::move(run_index)});
  columns.push_back({"step", "training step, before it moves the weights", "",
                     std::move(step)});
  columns.push_back(
      {"loss_value", "loss of the step's minibatch", "", std::move(loss)});
  columns.push_back({"accuracy",
                     "share of the minibatch whose largest logit is that of "
                     "its label; NaN without labels",
                     "", std::move(accuracy)});
  AppendKeys(
      runs, swept, [&](size_t i) { return results[i].steps.size(); }, &columns);
  return columns;
}

}  // namespace initscope
