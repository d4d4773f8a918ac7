#include "io/publish.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <vector>

namespace initscope {
namespace {

namespace fs = std::filesystem;

// A free name in `folder`, made from that of `path`.
fs::path FreeName(const fs::path& folder, const fs::path& path) {
  for (int k = 1;; ++k) {
    fs::path place =
        folder / fmt::format("{}.rescued-{}.h5", path.stem().string(), k);
    std::error_code error;
    if (!fs::exists(fs::symlink_status(place, error))) return place;
  }
}

// Writes to another place and returns where; nothing if no place works.
std::optional<fs::path> Rescue(const fs::path& path,
                               const std::function<void(Hdf5Writer*)>& write) {
  std::vector<fs::path> folders = {path.parent_path(), ""};
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  if (!error) folders.push_back(temporary);
  for (const fs::path& folder : folders) {
    const fs::path place = FreeName(folder, path);
    std::optional<OutputFile> output;
    try {
      output.emplace(place, /*overwrite=*/false);
      WriteAndCommit(write, OutputKind::kResults, &*output);
      return place;
    } catch (const OutputError&) {
      if (output && output->committed()) return place;
    }
  }
  return {};
}

}  // namespace

void WriteAndCommit(const std::function<void(Hdf5Writer*)>& write,
                    OutputKind kind, OutputFile* output) {
  {
    Hdf5Writer writer(output->temporary(), output->path().string(), kind);
    write(&writer);
    writer.Close();
  }
  output->Commit();
}

void Publish(OutputFile* output, const std::function<void(Hdf5Writer*)>& write,
             OutputKind kind) {
  try {
    WriteAndCommit(write, kind, output);
  } catch (const OutputError& error) {
    if (output->committed()) throw;
    const std::optional<fs::path> place = Rescue(output->path(), write);
    throw OutputError(error.code(), "{}; {}", error.what(),
                      place ? "the results are in " + place->string()
                            : "nothing was written");
  }
}

}  // namespace initscope
