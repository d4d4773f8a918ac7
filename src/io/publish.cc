#include "io/publish.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "io/output_error.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

void WriteAndCommit(const std::function<void(Hdf5Writer*)>& write,
                    OutputFile* output) {
  {
    Hdf5Writer writer(output->temporary(), output->path().string());
    write(&writer);
    writer.Close();
  }
  output->Commit();
}

// A name in `folder` that is free, like that of `path`.
fs::path FreeName(const fs::path& folder, const fs::path& path) {
  for (int k = 1;; ++k) {
    fs::path place =
        folder / fmt::format("{}.rescued-{}.h5", path.stem().string(), k);
    std::error_code error;
    if (!fs::exists(fs::symlink_status(place, error))) return place;
  }
}

// Whether the results are at `place` now.
bool WriteTo(const fs::path& place,
             const std::function<void(Hdf5Writer*)>& write) {
  std::optional<OutputFile> output;
  try {
    output.emplace(place, /*overwrite=*/false);
    WriteAndCommit(write, &*output);
    return true;
  } catch (const OutputError&) {
    return output && output->committed();
  }
}

// Where the results are now, if anywhere.
std::optional<fs::path> Rescue(const fs::path& path,
                               const std::function<void(Hdf5Writer*)>& write) {
  std::vector<fs::path> folders = {path.parent_path(), ""};
  std::error_code error;
  const fs::path temporary = fs::temp_directory_path(error);
  if (!error) folders.push_back(temporary);
  for (const fs::path& folder : folders) {
    const fs::path place = FreeName(folder, path);
    if (WriteTo(place, write)) return place;
  }
  return {};
}

}  // namespace

void Publish(OutputFile* output,
             const std::function<void(Hdf5Writer*)>& write) {
  try {
    WriteAndCommit(write, output);
  } catch (const OutputError& error) {
    if (output->committed()) throw;
    const std::optional<fs::path> place = Rescue(output->path(), write);
    throw OutputError(
        error.code(),
        place ? fmt::format("{}; the results are in {}", error.what(),
                            place->string())
              : fmt::format("{}; nothing was written", error.what()));
  }
}

}  // namespace initscope
