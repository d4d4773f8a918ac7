#include "io/results_columns.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "engine/jacobian.h"
#include "engine/statistics.h"
#include "spec/run_id.h"
#include "theory/theory_row.h"

namespace initscope {
namespace {

// A name is stored as its code.
template <typename Value>
auto Stored(const Value& value) {
  if constexpr (std::is_same_v<Value, NameCode>) {
    return static_cast<uint8_t>(value.index);
  } else {
    return value;
  }
}

template <typename Spec>
Column MakeKeyColumn(const KeyOf<Spec>& key, const std::vector<Spec>& runs) {
  Column column{std::string(key.key.name), std::string(key.key.help), {}};
  column.is_key = true;
  if (runs.empty()) return column;
  std::visit(
      [&](const auto& first) {
        using Value = std::decay_t<decltype(first)>;
        std::vector<decltype(Stored(first))> values;
        for (const Spec& run : runs) {
          values.push_back(Stored(std::get<Value>(key.value(run))));
        }
        column.values = std::move(values);
        if constexpr (std::is_same_v<Value, NameCode>) {
          column.categories.assign(first.names->begin(), first.names->end());
        }
      },
      key.value(runs[0]));
  return column;
}

// activation, init, seed and the keys of `swept`, repeated beside `rows`, each
// of which has the index of its run.
template <typename Row>
std::vector<Column> RepeatedKeys(const std::vector<RunSpec>& runs,
                                 const std::vector<std::string>& swept,
                                 const std::vector<Row>& rows) {
  std::vector<Column> columns =
      KeyColumns(NetworkKeys(), runs, [&](const Key& key) {
        return key.name == "activation" || key.name == "init" ||
               key.name == "seed" ||
               std::ranges::find(swept, key.name) != swept.end();
      });
  for (Column& column : columns) {
    column.values = std::visit(
        [&](const auto& of_runs) -> ColumnValues {
          std::decay_t<decltype(of_runs)> repeated;
          repeated.reserve(rows.size());
          for (const Row& row : rows) repeated.push_back(of_runs[row.run]);
          return repeated;
        },
        column.values);
  }
  return columns;
}

void AddJacobianSummaries(const std::vector<RunSpec>& runs,
                          const std::vector<RunResult>& results,
                          ColumnMaker* table) {
  const auto none = [](const RunResult& r) { return r.jacobian.empty(); };
  if (std::ranges::all_of(results, none)) return;
  std::vector<JacobianSummary> of;
  for (const RunResult& result : results) {
    of.push_back(Summarize(result.jacobian));
  }
  std::vector<int64_t> samples;
  for (const RunSpec& run : runs) {
    samples.push_back(Whole(run.jacobian_samples));
  }
  table->Append(
      {{"jacobian_samples",
        "samples of the first batch whose Jacobian J = ∂Z_L/∂X_0 was taken",
        std::move(samples),
        "",
        {},
        /*is_key=*/true}});
  const std::string mean = "mean over samples of ";
  table->Add(
      "jacobian_second_moment",
      "mean over samples of the second moment of the singular values of J",
      [&](size_t i) { return of[i].second_moment.ToDouble(); },
      mean + "Σ s_k²/n, n = min(d, c)");
  table->Add(
      "log10_jacobian_second_moment",
      "log10 of the mean over samples of the second moment of the singular "
      "values of J",
      [&](size_t i) { return of[i].second_moment.Log10(); },
      "log10(" + mean + "Σ s_k²/n)");
  table->Add(
      "jacobian_largest",
      "mean over samples of the largest singular value of J",
      [&](size_t i) { return of[i].largest.ToDouble(); }, mean + "max s_k");
  table->Add(
      "log10_jacobian_largest",
      "log10 of the mean over samples of the largest singular value of J",
      [&](size_t i) { return of[i].largest.Log10(); },
      "log10(" + mean + "max s_k)");
  table->Add(
      "jacobian_squared_variance",
      "mean over samples of the variance of the squared singular values of J "
      "at unit mean",
      [&](size_t i) { return of[i].squared_variance; },
      mean + "Σ (s_k²/m - 1)²/n, m = Σ s_k²/n");
}

struct LayerRow {
  size_t run, row;  // `row` counts from 0 in each run
  uint64_t step;
  size_t layer;
};

// Adds a column for each of `columns`, whose values `of` a run are row-major;
// NaN for rows that have none, and no columns if no run has any.
template <typename Columns>
void AddValues(const Columns& columns, const std::vector<RunResult>& results,
               std::vector<double> RunResult::*of,
               const std::vector<LayerRow>& rows, ColumnMaker* table) {
  if (std::ranges::all_of(results, &std::vector<double>::empty, of)) return;
  std::vector<std::vector<double>> by_column(
      columns.size(), std::vector<double>(rows.size(), kNoTheory));
  for (size_t r = 0; r < rows.size(); ++r) {
    const std::vector<double>& values = results[rows[r].run].*of;
    const size_t at = rows[r].row * columns.size();
    for (size_t k = 0; k < columns.size() && at + k < values.size(); ++k) {
      by_column[k][r] = values[at + k];
    }
  }
  for (size_t k = 0; k < columns.size(); ++k) {
    std::string formula;
    if constexpr (requires { columns[k].formula; }) {
      formula = columns[k].formula;
    }
    table->Add({std::string(columns[k].name), std::string(columns[k].long_name),
                std::move(by_column[k]), formula});
  }
}

}  // namespace

template <typename Spec>
std::vector<Column> KeyColumns(const std::vector<KeyOf<Spec>>& keys,
                               const std::vector<Spec>& runs,
                               const std::function<bool(const Key&)>& wanted) {
  std::vector<Column> columns;
  for (const KeyOf<Spec>& key : keys) {
    if (key.value && wanted(key.key))
      columns.push_back(MakeKeyColumn(key, runs));
  }
  return columns;
}

template std::vector<Column> KeyColumns(const std::vector<KeyOf<RunSpec>>&,
                                        const std::vector<RunSpec>&,
                                        const std::function<bool(const Key&)>&);
template std::vector<Column> KeyColumns(
    const std::vector<KeyOf<AttentionSpec>>&, const std::vector<AttentionSpec>&,
    const std::function<bool(const Key&)>&);

std::vector<Column> RunColumns(const std::vector<RunSpec>& runs,
                               const std::vector<RunResult>& results) {
  ColumnMaker table(runs.size());
  table.Add("run_id", "first 64 bits of the SHA-256 of what the run computes",
            [&](size_t i) { return runs[i].run_id; });
  table.Add("run_id_hex", "run_id in hexadecimal",
            [&](size_t i) { return RunIdHex(runs[i].run_id); });
  const bool trains = std::ranges::any_of(
      runs, [](const RunSpec& run) { return run.training.steps > 0; });
  const CommandSet known = trains ? kNetworks : kSimulation;
  table.Append(KeyColumns(NetworkKeys(), runs, [&](const Key& key) {
    return (key.commands & known) != 0;
  }));
  table.Add("widths", "every width, input to output",
            [&](size_t i) { return runs[i].Shape(' '); });
  table.Add("input_index", "row of /inputs; -1 where the input is drawn",
            [&](size_t i) {
              const bool is_data = runs[i].input_kind == InputKind::kData;
              return is_data ? Whole(runs[i].input_index) : int64_t{-1};
            });
  table.Add("loss_value", "loss, mean over batches",
            [&](size_t i) { return results[i].loss_value; });
  table.Add("label_entropy", "entropy of the targets in nats, sample mean",
            [&](size_t i) { return results[i].label_entropy; });
  table.Add("cross_entropy",
            "cross entropy of targets and outputs in nats, sample mean",
            [&](size_t i) { return results[i].cross_entropy; });
  table.Add(
      "kl_divergence",
      "KL divergence of the outputs from the targets in nats, sample mean",
      [&](size_t i) { return results[i].kl_divergence; });
  table.Add("first_non_finite_layer",
            "first layer whose pre-activation or delta has an entry that is "
            "not finite; -1 if none",
            [&](size_t i) { return results[i].first_non_finite_layer; });
  table.Add("wall_seconds", "the run's share of its bundle's time, in s",
            [&](size_t i) { return results[i].wall_seconds; });
  AddStatus(results, &table);
  AddJacobianSummaries(runs, results, &table);
  return table.Take();
}

std::vector<Column> LayerColumns(const std::vector<RunSpec>& runs,
                                 const std::vector<RunResult>& results,
                                 const std::vector<std::string>& swept) {
  std::vector<LayerRow> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    size_t row = 0;
    for (const uint64_t step : results[i].recorded) {
      for (size_t l = 0; l <= runs[i].depth(); ++l) {
        rows.push_back({i, row++, step, l});
      }
    }
  }
  ColumnMaker table(rows.size());
  table.Add("run_index", "row of /runs, from 0",
            [&](size_t r) { return Whole(rows[r].run); });
  table.Add("step", "training step; 0 at initialization",
            [&](size_t r) { return Whole(rows[r].step); });
  table.Add("layer", "layer l = 0 (input) … L (output)",
            [&](size_t r) { return Whole(rows[r].layer); });
  // The width of the layer `back` before; 0 at l = 0, which has no weights.
  const auto width = [&](size_t r, size_t back) {
    const size_t l = rows[r].layer;
    return l == 0 ? 0 : Whole(runs[rows[r].run].width(l - back));
  };
  table.Add("fan_in", "rows of W_(l-1); 0 at l = 0",
            [&](size_t r) { return width(r, 1); });
  table.Add("fan_out", "columns of W_(l-1); 0 at l = 0",
            [&](size_t r) { return width(r, 0); });

  AddValues(StatisticColumns(), results, &RunResult::statistics, rows, &table);
  AddValues(TheoryColumns(), results, &RunResult::theory, rows, &table);
  table.Append(RepeatedKeys(runs, swept, rows));
  return table.Take();
}

std::vector<Column> StepColumns(const std::vector<RunSpec>& runs,
                                const std::vector<RunResult>& results,
                                const std::vector<std::string>& swept) {
  struct Row {
    size_t run, step;
    StepResult result;
  };
  std::vector<Row> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    for (size_t k = 0; k < results[i].steps.size(); ++k) {
      rows.push_back({i, k, results[i].steps[k]});
    }
  }
  ColumnMaker table(rows.size());
  table.Add("run_index", "row of /runs, from 0",
            [&](size_t r) { return Whole(rows[r].run); });
  table.Add("step", "training step, before it moves the weights",
            [&](size_t r) { return Whole(rows[r].step); });
  table.Add("loss_value", "loss of the step's minibatch",
            [&](size_t r) { return rows[r].result.loss_value; });
  table.Add("accuracy",
            "share of the minibatch whose largest logit is that of its label; "
            "NaN without labels",
            [&](size_t r) { return rows[r].result.accuracy; });
  table.Append(RepeatedKeys(runs, swept, rows));
  return table.Take();
}

std::vector<Column> JacobianColumns(const std::vector<RunSpec>& runs,
                                    const std::vector<RunResult>& results,
                                    const std::vector<std::string>& swept) {
  struct Row {
    size_t run, sample, index;
    ScaledDouble value;
  };
  std::vector<Row> rows;
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::vector<JacobianSpectrum>& spectra = results[i].jacobian;
    for (size_t j = 0; j < spectra.size(); ++j) {
      for (size_t k = 0; k < spectra[j].values.size(); ++k) {
        rows.push_back({i, j, k, {spectra[j].values[k], spectra[j].exponent}});
      }
    }
  }
  ColumnMaker table(rows.size());
  table.Add("run_index", "row of /runs, from 0",
            [&](size_t r) { return Whole(rows[r].run); });
  table.Add("sample", "row of the batch",
            [&](size_t r) { return Whole(rows[r].sample); });
  table.Add("index", "place of the singular value; 0 is the largest",
            [&](size_t r) { return Whole(rows[r].index); });
  table.Add("singular_value",
            "singular value of J = ∂Z_L/∂X_0 = W_0 D_1 W_1 … W_(L-1), where "
            "D_l = diag f'(Z_l); not accurate below about 1e-16 of the largest",
            [&](size_t r) { return rows[r].value.ToDouble(); });
  table.Add("log10_singular_value", "log10 of the singular value",
            [&](size_t r) { return rows[r].value.Log10(); });
  table.Append(RepeatedKeys(runs, swept, rows));
  return table.Take();
}

}  // namespace initscope
