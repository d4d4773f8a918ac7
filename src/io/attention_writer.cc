#include "io/attention_writer.h"

#include <fmt/format.h>

#include "io/results_columns.h"
#include "spec/keys.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

// The entries of a matrix as one text: "9/14 3/14; 1/2 1/2".
std::string ExactText(const AttentionStep& step) {
  std::string text;
  const size_t cols = step.matrix.cols();
  for (size_t i = 0; i < step.exact.size(); ++i) {
    text += i == 0 ? "" : i % cols == 0 ? "; " : " ";
    text += step.exact[i];
  }
  return text;
}

std::vector<Column> AttentionColumns(
    const std::vector<AttentionSpec>& runs,
    const std::vector<AttentionResult>& results) {
  ColumnMaker table(runs.size());
  table.Add("run_id", "first 64 bits of the SHA-256 of what the run computes",
            [&](size_t i) { return runs[i].run_id; });
  table.Add("run_id_hex", "run_id in hexadecimal",
            [&](size_t i) { return RunIdHex(runs[i].run_id); });
  table.Append(
      KeyColumns(AttentionKeys(), runs, [](const Key&) { return true; }));
  table.Add("weight_scale", "standard deviation of the entries of W, gain · s",
            [&](size_t i) { return runs[i].WeightScale(); });
  for (const AttentionStatisticColumn& column : AttentionStatisticColumns()) {
    table.Add(
        column.name, column.long_name,
        [&](size_t i) { return results[i].statistics.*column.value; },
        column.formula);
  }
  table.Add("wall_seconds", "the run's time in s",
            [&](size_t i) { return results[i].wall_seconds; });
  AddStatus(results, &table);
  return table.Take();
}

}  // namespace

void WriteAttentionRuns(const Provenance& provenance,
                        const std::vector<AttentionSpec>& runs,
                        const std::vector<AttentionResult>& results,
                        Hdf5Writer* writer) {
  WriteRoot(provenance, writer);
  const Table table = {"/attention", "run", "run, from 0",
                       AttentionColumns(runs, results)};
  WriteTable(table, writer);
  WriteCategories(table, writer);
}

void WriteAttentionSteps(const Provenance& provenance, const AttentionSpec& run,
                         const std::vector<AttentionStep>& steps,
                         Hdf5Writer* writer) {
  WriteRoot(provenance, writer);
  writer->CreateGroup("/tensors");
  for (const AttentionStep& step : steps) {
    const std::string path = "/tensors/" + step.name;
    writer->WriteMatrix(path, step.matrix);
    writer->SetText(path, "long_name", step.title);
    writer->SetText(path, "formula", step.formula);
    if (!step.exact.empty()) writer->SetText(path, "exact", ExactText(step));
  }
  writer->SetNumber("/tensors", "d_k", Whole(run.d_k));
  writer->SetText("/tensors", "scaled", kOffOn[run.scaled]);
  writer->SetNumber("/tensors", "sqrt_d_k", run.softmax.divisor);
  writer->SetNumber("/tensors", "softmax_base", run.softmax.base);
}

double AttentionFileBytes(size_t runs) {
  constexpr double kColumns = 64;
  return 8 * kColumns * static_cast<double>(runs);
}

}  // namespace initscope
