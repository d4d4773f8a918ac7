#include "io/results_writer.h"

#include <fmt/format.h>
#include <unistd.h>

#include "base/build_info.h"
#include "base/kernel_target.h"
#include "base/machine.h"
#include "io/contents_digest.h"
#include "io/results_columns.h"
#include "spec/input_data.h"

namespace initscope {
namespace {

Table InputTable(const std::vector<std::shared_ptr<const InputData>>& inputs) {
  std::vector<InputSummary> summaries;
  for (const auto& input : inputs) summaries.push_back(Summarize(*input));
  ColumnMaker table(inputs.size());
  table.Add("path", "as the experiment names it",
            [&](size_t i) { return inputs[i]->name; });
  table.Add("sha256", "SHA-256 of the decoded array, little-endian",
            [&](size_t i) { return inputs[i]->sha256; });
  table.Add("labels_sha256", "SHA-256 of the decoded labels",
            [&](size_t i) { return inputs[i]->labels_sha256; });
  table.Add("samples", "samples in the file",
            [&](size_t i) { return Whole(inputs[i]->samples); });
  table.Add("width", "features per sample",
            [&](size_t i) { return Whole(inputs[i]->width); });
  table.Add("mean", "mean of all entries (uint8 divided by 255)",
            [&](size_t i) { return summaries[i].mean; });
  table.Add("standard_deviation",
            "standard deviation of all entries (divisor N)",
            [&](size_t i) { return summaries[i].standard_deviation; });
  return {"/inputs", "input", "data set, from 0", table.Take()};
}

}  // namespace

void WriteRoot(const Provenance& provenance, Hdf5Writer* writer) {
  const BuildInfo& build = GetBuildInfo();
  const auto text = [&](const char* name, std::string_view value) {
    writer->SetText("/", name, value);
  };
  text("format", "initscope-results");
  writer->SetNumber("/", "format_version", kFormatVersion);
  text("name", provenance.name);
  text("program_version", build.version);
  writer->SetNumber("/", "numerics_version", kNumericsVersion);
  text("git_commit", build.git_commit);
  writer->SetNumber("/", "git_dirty", int64_t{build.git_dirty});
  text("command_line", provenance.command_line);
  text("configuration", provenance.configuration);
  text("host", HostName());
  text("cpu", CpuModel());
  text("kernel_target", KernelTarget());
  text("compiler", build.compiler);
  text("compiler_flags", build.flags);
  text("libraries", build.libraries);
  text("started_utc", provenance.started_utc);
  text("finished_utc", UtcNow());
  writer->SetNumber("/", "wall_seconds", provenance.wall_seconds);
  writer->SetNumber("/", "jobs", Whole(provenance.jobs));
  if (provenance.planned.count > 0) {
    writer->SetNumber("/", "planned_runs", Whole(provenance.planned.count));
    text("planned_sha256", provenance.planned.sha256);
  }
}

PlannedRuns PlanOf(const std::vector<uint64_t>& run_ids) {
  return {run_ids.size(), ValuesDigest(run_ids)};
}

void WriteResults(const Provenance& provenance,
                  const std::vector<RunSpec>& runs,
                  const std::vector<RunResult>& results,
                  const std::vector<std::string>& swept,
                  const std::vector<std::shared_ptr<const InputData>>& inputs,
                  Hdf5Writer* writer) {
  WriteRoot(provenance, writer);
  Table table = {"/runs", "run", "run, from 0", RunColumns(runs, results)};
  WriteTable(table, writer);
  WriteCategories(table, writer);
  WriteTable({"/layers", "row", "run, step and layer, from 0",
              LayerColumns(runs, results, swept)},
             writer);
  table = {"/steps", "row", "run and step, from 0",
           StepColumns(runs, results, swept)};
  if (table.rows() > 0) WriteTable(table, writer);
  table = {"/jacobian", "row", "run, sample and singular value, from 0",
           JacobianColumns(runs, results, swept)};
  if (table.rows() > 0) WriteTable(table, writer);
  WriteTable(InputTable(inputs), writer);
}

}  // namespace initscope
