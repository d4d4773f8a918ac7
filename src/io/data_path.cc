#include "io/data_path.h"

#include <fmt/format.h>

#include <cstdlib>
#include <system_error>
#include <vector>

#include "base/build_info.h"
#include "base/error.h"
#include "base/number_text.h"
#include "base/quoted_text.h"
#include "io/byte_source.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

// The value of `variable`, "" if it is not set.
fs::path PathFromEnvironment(const char* variable) {
  const char* value = std::getenv(variable);
  return value ? value : "";
}

}  // namespace

std::string DataPath::Text() const {
  return !dataset || dataset->empty() ? file : file + ":" + *dataset;
}

DataPath SplitDataPath(const std::string& path, const fs::path& directory) {
  const std::string whole = (directory / path).lexically_normal().string();
  std::error_code error;
  if (fs::exists(whole, error)) return {whole, {}};
  const std::string lower = Lower(whole);
  constexpr std::string_view kHdf5[] = {".h5", ".hdf5", ".h5.gz", ".hdf5.gz"};
  for (size_t colon = whole.find(':'); colon != std::string::npos;
       colon = whole.find(':', colon + 1)) {
    const std::string file = whole.substr(0, colon);
    bool divides = fs::is_regular_file(file, error);
    for (const std::string_view extension : kHdf5)
      divides = divides || lower.substr(0, colon).ends_with(extension);
    if (divides) return {file, whole.substr(colon + 1)};
  }
  return {whole, {}};
}

DataPath Locate(std::string_view key, const std::string& path,
                const fs::path& directory, const std::string& otherwise) {
  DataPath place = SplitDataPath(path, directory);
  std::error_code error;
  if (!fs::exists(place.file, error) && error.value() == 0)
    throw UserError(ExitCode::kData, "{} = {}: there is no file {}; {}", key,
                    QuotedPath(path), QuotedPath(place.file), otherwise);
  return place;
}

FilePair FindFashionMnistSample() {
  constexpr const char* kImages = "fashion-mnist-sample-images-idx3-ubyte.gz";
  constexpr const char* kLabels = "fashion-mnist-sample-labels-idx1-ubyte.gz";
  std::vector<fs::path> places;
  const fs::path set = PathFromEnvironment("INITSCOPE_DATA_DIR");
  if (!set.empty()) places.push_back(set);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path above = program.parent_path().parent_path();
    places.push_back(above.parent_path() / "data");            // build tree
    places.push_back(above / "share" / "initscope" / "data");  // installation
  }
  places.push_back(fs::path(GetBuildInfo().source_dir) / "data");
  for (const fs::path& place : places)
    if (fs::exists(place / kImages, error))
      return {place / kImages, place / kLabels};
  std::vector<std::string> tried;
  for (const fs::path& place : places) tried.push_back(place.string());
  throw DataError("fashion-mnist-sample",
                  "there is no {} in {}; set INITSCOPE_DATA_DIR to the data/ "
                  "folder of initscope",
                  kImages, Listed(tried));
}

FilePair FindFashionMnist() {
  fs::path place = PathFromEnvironment("INITSCOPE_FASHION_MNIST_DIR");
  if (place.empty()) place = "/usr/share/datasets/fashion-mnist";
  FilePair files = {place / "train-images-idx3-ubyte.gz",
                    place / "train-labels-idx1-ubyte.gz"};
  for (const fs::path& file : {files.first, files.second}) {
    std::error_code error;
    if (!fs::exists(file, error))
      throw DataError("fashion-mnist",
                      "there is no {}; `apt-get install "
                      "dataset-fashion-mnist`, or set "
                      "INITSCOPE_FASHION_MNIST_DIR",
                      file.string());
  }
  return files;
}

}  // namespace initscope
