#include "io/results_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <utility>

#include "base/build_info.h"
#include "base/kernel_target.h"
#include "base/machine.h"
#include "io/jacobian_columns.h"
#include "io/table.h"
#include "spec/input_data.h"

namespace initscope {
namespace {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "unknown";
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
  writer->SetNumber("/", "jobs", static_cast<int64_t>(provenance.jobs));
}

namespace {

Table InputTable(const std::vector<std::shared_ptr<const InputData>>& inputs) {
  std::vector<std::string> names, digests, label_digests;
  std::vector<int64_t> samples, widths;
  std::vector<double> means, deviations;
  for (const auto& input : inputs) {
    names.push_back(input->name);
    digests.push_back(input->sha256);
    label_digests.push_back(input->labels_sha256);
    samples.push_back(static_cast<int64_t>(input->samples));
    widths.push_back(static_cast<int64_t>(input->width));
    const InputSummary summary = Summarize(*input);
    means.push_back(summary.mean);
    deviations.push_back(summary.standard_deviation);
  }
  return {
      "/inputs",
      "input",
      "data set, from 0",
      {{"path", "as the experiment names it", "", names},
       {"sha256", "of the decoded array, little-endian", "", digests},
       {"labels_sha256", "of the decoded labels", "", label_digests},
       {"samples", "samples in the file", "", samples},
       {"width", "features per sample", "", widths},
       {"mean", "of all entries (uint8 divided by 255)", "", means},
       {"standard_deviation", "of all entries (divisor N)", "", deviations}}};
}

}  // namespace

std::string UtcNow() {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr)));
}

void WriteResults(const Provenance& provenance,
                  const std::vector<RunSpec>& all_runs,
                  const std::vector<RunResult>& all_results,
                  const std::vector<std::string>& swept,
                  const std::vector<std::shared_ptr<const InputData>>& inputs,
                  Hdf5Writer* writer) {
  WriteRoot(provenance, writer);
  Table table = {"/runs", "run", "run, from 0",
                 RunColumns(all_runs, all_results)};
  for (Column& column : JacobianRunColumns(all_runs, all_results)) {
    table.columns.push_back(std::move(column));
  }
  WriteTable(table, writer);
  WriteCategories(table, writer);
  WriteTable({"/layers", "row", "run, step and layer, from 0",
              LayerColumns(all_runs, all_results, swept)},
             writer);
  table = {"/steps", "row", "run and step, from 0",
           StepColumns(all_runs, all_results, swept)};
  if (table.rows() > 0) WriteTable(table, writer);
  table = {"/jacobian", "row", "run, sample and singular value, from 0",
           JacobianColumns(all_runs, all_results, swept)};
  if (table.rows() > 0) WriteTable(table, writer);
  WriteTable(InputTable(inputs), writer);
}

}  // namespace initscope
