#include "io/readable_results.h"

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "io/output_file.h"
#include "io/publish.h"
#include "io/results_reader.h"
#include "io/results_store.h"
#include "io/results_writer.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

// The output of which the path means the parts; "" if it is a file.
std::string UnfinishedOutput(const std::string& path) {
  constexpr std::string_view kParts = ".parts";
  std::error_code error;
  std::string folder = path;
  while (folder.ends_with('/')) folder.pop_back();
  if (folder.ends_with(kParts) && fs::is_directory(folder, error)) {
    return folder.substr(0, folder.size() - kParts.size());
  }
  if (fs::exists(path, error) || !fs::is_directory(path + ".parts", error)) {
    return "";
  }
  return path;
}

// How the sweep of a part came about.
Provenance ProvenanceOf(const std::string& part) {
  const ResultsReader file(part);
  Provenance provenance = {
      file.Text("/", "name"), file.Text("/", "command_line"),
      file.Text("/", "configuration"), file.Text("/", "started_utc")};
  provenance.jobs = static_cast<size_t>(file.Number("/", "jobs"));
  provenance.planned = {static_cast<size_t>(file.Number("/", "planned_runs")),
                        file.Text("/", "planned_sha256")};
  return provenance;
}

}  // namespace

ReadableResults::ReadableResults(const std::string& path) : file_(path) {
  const std::string output = UnfinishedOutput(path);
  if (output.empty()) return;
  try {
    Join(output);
  } catch (const UserError&) {
    std::error_code error;
    if (!fs::exists(output, error)) throw;
    file_ = output;  // it was finished meanwhile, and its parts removed
    folder_.reset();
  }
}

void ReadableResults::Join(const std::string& output) {
  ResultsStore store(output, ResultsStore::Access::kRead);
  if (store.runs().empty()) {
    throw UserError(ExitCode::kIo, "{}: no run of this sweep is finished yet",
                    output);
  }
  folder_.emplace();
  file_ = folder_->path() / fs::path(output).filename();
  OutputFile joined(file_, /*overwrite=*/false);
  const auto write = [&](Hdf5Writer* writer) {
    WriteRoot(ProvenanceOf(store.FirstFile().string()), writer);
    store.Merge(store.RunIds(), writer);
  };
  WriteAndCommit(write, OutputKind::kResults, &joined);
}

}  // namespace initscope
