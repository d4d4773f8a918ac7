#include "io/results_writer.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <ctime>
#include <set>

#include "base/build_info.h"
#include "base/kernel_target.h"
#include "base/machine.h"
#include "io/jacobian_columns.h"
#include "io/results_columns.h"
#include "spec/input_summary.h"

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

void WriteColumns(const std::string& group, const std::vector<Column>& columns,
                  const std::string& scale, Hdf5Writer* writer) {
  for (const Column& column : columns) {
    const std::string path = group + "/" + column.name;
    writer->WriteColumn(path, column.values, group + "/" + scale);
    writer->SetText(path, "long_name", column.long_name);
    if (!column.formula.empty()) {
      writer->SetText(path, "formula", column.formula);
    }
    if (column.categories.empty()) continue;
    std::vector<uint8_t> codes;
    for (size_t i = 0; i < column.categories.size(); ++i) {
      codes.push_back(static_cast<uint8_t>(i));
    }
    writer->SetCodes(path, "flag_values", codes);
    writer->SetText(path, "flag_meanings",
                    fmt::format("{}", fmt::join(column.categories, " ")));
  }
}

void WriteCategories(const std::vector<Column>& columns, Hdf5Writer* writer) {
  writer->CreateGroup("/categories");
  for (const Column& column : columns) {
    if (column.categories.empty()) continue;
    const std::string path = "/categories/" + column.name;
    writer->WriteColumn(path, column.categories, "");
    writer->SetText(path, "long_name",
                    "names behind the codes of " + column.name);
  }
}

namespace {

void WriteInputs(const std::vector<std::shared_ptr<const InputData>>& inputs,
                 Hdf5Writer* writer) {
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
  writer->CreateGroup("/inputs");
  writer->WriteScale("/inputs/input", inputs.size(), "data set, from 0");
  WriteColumns(
      "/inputs",
      {{"path", "as the experiment names it", "", names, {}},
       {"sha256", "of the decoded array, little-endian", "", digests, {}},
       {"labels_sha256", "of the decoded labels", "", label_digests, {}},
       {"samples", "samples in the file", "", samples, {}},
       {"width", "features per sample", "", widths, {}},
       {"mean", "of all entries (uint8 divided by 255)", "", means, {}},
       {"standard_deviation",
        "of all entries (divisor N)",
        "",
        deviations,
        {}}},
      "input", writer);
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
  const std::vector<Column> runs = RunColumns(all_runs, all_results);
  writer->CreateGroup("/runs");
  writer->WriteScale("/runs/run", all_runs.size(), "run, from 0");
  WriteColumns("/runs", runs, "run", writer);
  WriteColumns("/runs", JacobianRunColumns(all_runs, all_results), "run",
               writer);

  size_t rows = 0, steps = 0;
  for (size_t i = 0; i < all_runs.size(); ++i) {
    rows += all_results[i].recorded.size() * (all_runs[i].depth() + 1);
    steps += all_results[i].steps.size();
  }
  writer->CreateGroup("/layers");
  writer->WriteScale("/layers/row", rows, "run, step and layer, from 0");
  WriteColumns("/layers", LayerColumns(all_runs, all_results, swept), "row",
               writer);
  if (steps > 0) {
    writer->CreateGroup("/steps");
    writer->WriteScale("/steps/row", steps, "run and step, from 0");
    WriteColumns("/steps", StepColumns(all_runs, all_results, swept), "row",
                 writer);
  }
  const size_t values = JacobianRows(all_results);
  if (values > 0) {
    writer->CreateGroup("/jacobian");
    writer->WriteScale("/jacobian/row", values,
                       "run, sample and singular value, from 0");
    WriteColumns("/jacobian", JacobianColumns(all_runs, all_results, swept),
                 "row", writer);
  }
  WriteInputs(inputs, writer);
  WriteCategories(runs, writer);
}

}  // namespace initscope
