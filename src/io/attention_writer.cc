#include "io/attention_writer.h"

#include <fmt/format.h>

#include "base/error.h"
#include "spec/keys.h"
#include "spec/run_id.h"

namespace initscope {
namespace {

using Spec = AttentionSpec;

template <typename Value>
std::vector<Value> Collect(const std::vector<Spec>& runs,
                           Value (*get)(const Spec&)) {
  std::vector<Value> values;
  for (const Spec& run : runs) values.push_back(get(run));
  return values;
}

int64_t Whole(size_t value) { return static_cast<int64_t>(value); }

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

}  // namespace

std::vector<Column> AttentionColumns(
    const std::vector<AttentionSpec>& runs,
    const std::vector<AttentionResult>& results) {
  std::vector<Column> columns;
  const auto add = [&](const char* name, const std::string& long_name,
                       ColumnValues values,
                       std::vector<std::string> categories = {}) {
    columns.push_back(
        {name, long_name, "", std::move(values), std::move(categories)});
  };
  add("run_id", "first 64 bits of the SHA-256 of what the run computes",
      Collect<uint64_t>(runs, [](const Spec& r) { return r.run_id; }));
  add("run_id_hex", "run_id in hexadecimal",
      Collect<std::string>(runs,
                           [](const Spec& r) { return RunIdHex(r.run_id); }));
  for (Column& column :
       KeyColumns(AttentionKeys(), runs, [](const Key&) { return true; })) {
    columns.push_back(std::move(column));
  }
  add("weight_scale", "standard deviation of the entries of W, gain · s",
      Collect<double>(runs, [](const Spec& r) { return r.WeightScale(); }));
  for (const AttentionStatisticColumn& column : AttentionStatisticColumns()) {
    std::vector<double> values;
    for (const AttentionResult& result : results) {
      values.push_back(result.statistics.*column.value);
    }
    columns.push_back(
        {column.name, column.long_name, column.formula, std::move(values)});
  }
  std::vector<double> seconds;
  for (const AttentionResult& result : results) {
    INITSCOPE_CHECK(result.complete);
    seconds.push_back(result.wall_seconds);
  }
  add("wall_seconds", "the run's time in s", std::move(seconds));
  add("status", "how the run ended", std::vector<uint8_t>(runs.size(), 0),
      {"complete"});
  return columns;
}

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

}  // namespace initscope
