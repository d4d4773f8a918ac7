#include "io/input_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "base/build_info.h"
#include "base/error.h"
#include "base/sha256.h"
#include "io/array.h"
#include "io/byte_source.h"
#include "io/csv.h"
#include "io/hdf5_array.h"
#include "io/idx.h"
#include "io/npy.h"
#include "sim/keys.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kColumnPrefix = "column:";

// A path as users write it, taken apart.
struct DataPath {
  std::string file;
  std::optional<std::string> dataset;  // of HDF5; "" where none is named
};

std::string Lower(std::string text) {
  for (char& c : text)
    c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

DataPath SplitDataPath(const std::string& path) {
  const std::string lower = Lower(path);
  constexpr std::string_view kHdf5[] = {".h5", ".hdf5", ".h5.gz", ".hdf5.gz"};
  for (const std::string_view extension : kHdf5) {
    const size_t at = lower.find(fmt::format("{}:", extension));
    if (at == std::string::npos) continue;
    const size_t colon = at + extension.size();
    return {path.substr(0, colon), path.substr(colon + 1)};
  }
  for (const std::string_view extension : kHdf5)
    if (lower.ends_with(extension)) return {path, ""};
  return {path, {}};
}

// Any data file. Only a CSV with a header has columns.
CsvTable ReadTable(const DataPath& path) {
  if (path.dataset) return {{}, ReadHdf5Array(path.file, *path.dataset)};
  std::string name = Lower(fs::path(path.file).filename().string());
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const std::vector<uint8_t> content = ReadBytes(path.file);
  if (name.ends_with(".csv")) return ParseCsv(content, path.file);
  if (name.ends_with(".npy")) return {{}, ParseNpy(content, path.file)};
  if (name.find("idx") != std::string::npos ||
      name.find("-ubyte") != std::string::npos || HasIdxMagic(content))
    return {{}, ParseIdx(content, path.file)};
  throw DataError(path.file,
                  "unknown data format; it is one of .csv, .npy, .h5:/dataset "
                  "and IDX ('idx' or '-ubyte' in the name), each also .gz");
}

std::optional<fs::path> PathFromEnvironment(const char* variable) {
  const char* value = std::getenv(variable);
  if (!value || !*value) return {};
  return fs::path(value);
}

// The image and the label file of a named data set.
using FilePair = std::pair<fs::path, fs::path>;

FilePair FindSample() {
  constexpr const char* kImages = "fashion-mnist-sample-images-idx3-ubyte.gz";
  constexpr const char* kLabels = "fashion-mnist-sample-labels-idx1-ubyte.gz";
  std::vector<fs::path> places;
  if (const auto set = PathFromEnvironment("INITSCOPE_DATA_DIR"))
    places.push_back(*set);
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (!error) {
    const fs::path above = program.parent_path().parent_path();
    places.push_back(above.parent_path() / "data");            // a build tree's
    places.push_back(above / "share" / "initscope" / "data");  // installed
  }
  places.push_back(fs::path(GetBuildInfo().source_dir) / "data");
  for (const fs::path& place : places)
    if (fs::exists(place / kImages, error))
      return {place / kImages, place / kLabels};
  std::vector<std::string> tried;
  for (const fs::path& place : places) tried.push_back(place.string());
  throw DataError("fashion-mnist-sample",
                  fmt::format("there is no {} in {}; set INITSCOPE_DATA_DIR to "
                              "the data/ folder of initscope",
                              kImages, Listed(tried)));
}

FilePair FindFashionMnist() {
  const fs::path place = PathFromEnvironment("INITSCOPE_FASHION_MNIST_DIR")
                             .value_or("/usr/share/datasets/fashion-mnist");
  FilePair files = {place / "train-images-idx3-ubyte.gz",
                    place / "train-labels-idx1-ubyte.gz"};
  for (const fs::path& file : {files.first, files.second}) {
    std::error_code error;
    if (!fs::exists(file, error))
      throw DataError("fashion-mnist",
                      fmt::format("there is no {}; `apt-get install "
                                  "dataset-fashion-mnist`, or set "
                                  "INITSCOPE_FASHION_MNIST_DIR",
                                  file.string()));
  }
  return files;
}

// Where the user's `path` is. `key` is what it was the value of, `otherwise`
// what else might have been meant.
DataPath Locate(std::string_view key, const std::string& path,
                const fs::path& directory, const std::string& otherwise) {
  DataPath place =
      SplitDataPath((directory / path).lexically_normal().string());
  std::error_code error;
  if (!fs::exists(place.file, error) && error.value() == 0)
    throw UserError(ExitCode::kData,
                    fmt::format("{} = {}: there is no file {}; {}", key, path,
                                place.file, otherwise));
  return place;
}

DataPath LocateInput(const std::string& input, const fs::path& directory) {
  std::vector<std::string_view> names;
  names.reserve(std::size(kNamedInputs));
  for (const NamedInput& named : kNamedInputs) names.push_back(named.name);
  const std::string hint = DidYouMean(input, names);
  return Locate(
      "input", input, directory,
      fmt::format("input is a path or one of {}{}", Listed(names), hint));
}

// Takes the column `name` out of the table.
Array TakeColumn(std::string_view name, CsvTable* table,
                 const std::string& path) {
  std::vector<std::string>& columns = table->columns;
  if (columns.empty())
    throw DataError(path, fmt::format("labels = {}{} needs a CSV file with a "
                                      "header line",
                                      kColumnPrefix, name));
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end())
    throw DataError(path, fmt::format("no column '{}'; the columns are {}",
                                      name, Listed(columns)));
  if (std::find(found + 1, columns.end(), name) != columns.end())
    throw DataError(path, fmt::format("two columns are called '{}'", name));

  const size_t taken = static_cast<size_t>(found - columns.begin());
  const size_t width = columns.size();
  Array column, rest;
  for (size_t i = 0; i < table->array.reals.size(); ++i)
    (i % width == taken ? column : rest).reals.push_back(table->array.reals[i]);
  column.shape = {table->array.shape[0]};
  rest.shape = {table->array.shape[0], width - 1};
  for (Array* part : {&column, &rest})
    part->sha256 = Sha256Hex({reinterpret_cast<const char*>(part->reals.data()),
                              part->reals.size() * sizeof(double)});
  columns.erase(found);
  table->array = std::move(rest);
  return column;
}

void SetSamples(Array array, const std::string& path, InputData* data) {
  const std::vector<size_t>& shape = array.shape;
  const size_t size = array.bytes.size() + array.reals.size();
  if (size == 0)
    throw DataError(
        path, fmt::format("no data: its shape is {}", Listed(shape, " × ")));
  data->samples = shape[0];
  data->width = size / shape[0];
  for (size_t i = 0; i < array.reals.size(); ++i)
    if (!std::isfinite(array.reals[i]))
      throw DataError(
          path, fmt::format("sample {}, column {} (counted from 0) "
                            "is {}; every entry must be finite",
                            i / data->width, i % data->width, array.reals[i]));
  data->bytes = std::move(array.bytes);
  data->reals = std::move(array.reals);
  data->sha256 = std::move(array.sha256);
}

void SetLabels(Array array, const std::string& path, InputData* data) {
  const std::vector<size_t>& shape = array.shape;
  if (shape.size() > 2 || (shape.size() == 2 && shape[1] != 1))
    throw DataError(path, fmt::format("labels are one number per sample, but "
                                      "their shape is {}; rows of Y follow "
                                      "from them and label_smoothing",
                                      Listed(shape, " × ")));
  if (shape[0] != data->samples)
    throw DataError(
        path, fmt::format("{} labels for {} samples", shape[0], data->samples));
  data->labels.assign(array.bytes.begin(), array.bytes.end());
  constexpr double kMaxLabel = 65535;
  for (size_t i = 0; i < array.reals.size(); ++i) {
    const double label = array.reals[i];
    if (!(label >= 0 && label <= kMaxLabel && label == std::floor(label)))
      throw DataError(path, fmt::format("the label of sample {} (counted from "
                                        "0) is {}; labels are whole numbers "
                                        "from 0 to {}",
                                        i, label, kMaxLabel));
    data->labels.push_back(static_cast<int32_t>(label));
  }
  data->labels_sha256 = std::move(array.sha256);
}

// A path as the user would write it, for messages.
std::string Shown(const DataPath& path) {
  if (!path.dataset || path.dataset->empty()) return path.file;
  return path.file + ":" + *path.dataset;
}

InputData ReadUnguarded(const std::string& input, const std::string& labels,
                        const fs::path& directory) {
  DataPath images_path;
  std::optional<DataPath> labels_path;
  if (input == "fashion-mnist-sample" || input == "fashion-mnist") {
    const FilePair files =
        input == "fashion-mnist" ? FindFashionMnist() : FindSample();
    images_path.file = files.first.lexically_normal().string();
    labels_path = {files.second.lexically_normal().string(), {}};
  } else {
    images_path = LocateInput(input, directory);
  }
  const bool is_column = labels.starts_with(kColumnPrefix);
  if (is_column) {
    labels_path = images_path;
  } else if (!labels.empty()) {
    labels_path =
        Locate("labels", labels, directory, "labels is a path or column:NAME");
  }

  InputData data;
  data.name = input;
  CsvTable table = ReadTable(images_path);
  Array label_array;
  if (is_column)
    label_array = TakeColumn(labels.substr(kColumnPrefix.size()), &table,
                             images_path.file);
  SetSamples(std::move(table.array), Shown(images_path), &data);
  if (!labels_path) return data;
  if (!is_column) label_array = ReadTable(*labels_path).array;
  SetLabels(std::move(label_array), Shown(*labels_path), &data);
  return data;
}

}  // namespace

bool IsDrawnInput(std::string_view input) {
  for (const NamedInput& named : kNamedInputs)
    if (named.name == input) return named.drawn;
  return false;
}

InputData ReadInput(const std::string& input, const std::string& labels,
                    const fs::path& directory) {
  INITSCOPE_CHECK(!IsDrawnInput(input));
  try {
    return ReadUnguarded(input, labels, directory);
  } catch (const std::bad_alloc&) {
    throw DataError(input, "the data does not fit into memory");
  }
}

fs::path DataFile(const std::string& path, const fs::path& directory) {
  return SplitDataPath((directory / path).lexically_normal().string()).file;
}

Matrix<double> ReadMatrix(std::string_view key, const std::string& path,
                          const fs::path& directory) {
  const DataPath place =
      Locate(key, path, directory, fmt::format("{} is a path", key));
  InputData data;
  Array array = ReadTable(place).array;
  if (array.shape.size() != 2)
    throw DataError(Shown(place),
                    fmt::format("a matrix has rows and columns, but its shape "
                                "is {}",
                                Listed(array.shape, " × ")));
  SetSamples(std::move(array), Shown(place), &data);
  Matrix<double> matrix(data.samples, data.width);
  for (size_t i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = data.bytes.empty() ? data.reals[i] : data.bytes[i];
  return matrix;
}

}  // namespace initscope
