#include "io/input_reader.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>
#include <new>
#include <optional>
#include <utility>

#include "base/error.h"
#include "base/number_text.h"
#include "io/array.h"
#include "io/byte_source.h"
#include "io/csv.h"
#include "io/data_path.h"
#include "io/file_kind.h"
#include "io/hdf5_array.h"
#include "io/idx.h"
#include "io/input_labels.h"
#include "io/npy.h"
#include "spec/input_catalog.h"
#include "spec/keys.h"

namespace initscope {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kColumnPrefix = "column:";

// Reads a data file, whose format follows from its content or, if that does not
// tell, from its name.
CsvTable ReadTable(const DataPath& path, const CsvOptions& options) {
  const auto array = [&](Array read) {
    if (!options.label_column.empty())
      throw LabelsError(ExitCode::kData,
                        "{}: labels = {}{} needs a CSV file with a header line",
                        QuotedPath(path.file), kColumnPrefix,
                        Quoted(options.label_column));
    CsvTable table;
    table.array = std::move(read);
    return table;
  };
  if (path.dataset) return array(ReadHdf5Array(path.file, *path.dataset));
  ByteSource source(path.file);
  std::string name = Lower(fs::path(path.file).filename().string());
  if (name.ends_with(".gz")) name.resize(name.size() - 3);
  const FileKind* kind = FindFileKind(source.start());
  const DataFormat format = kind ? kind->format : DataFormat::kNone;
  if (format == DataFormat::kHdf5) return array(ReadHdf5Array(path.file, ""));
  if (format == DataFormat::kNpy) return array(ReadNpy(&source));
  if (!kind && name.ends_with(".csv")) return ReadCsv(&source, options);
  if (HasIdxMagic(source.start())) return array(ReadIdx(&source));
  constexpr std::string_view kFormats =
      ".csv, .npy, .h5:/dataset and IDX ('idx' or '-ubyte' in the name), each "
      "also .gz";
  if (kind)
    throw DataError(path.file, "this is {}{}; data is one of {}", kind->name,
                    kind->remedy, kFormats);
  if (name.ends_with(".npy")) return array(ReadNpy(&source));
  if (name.find("idx") != std::string::npos ||
      name.find("-ubyte") != std::string::npos)
    return array(ReadIdx(&source));
  if (name.ends_with(".h5") || name.ends_with(".hdf5"))
    return array(ReadHdf5Array(path.file, ""));
  throw DataError(path.file, "unknown data format; it is one of {}", kFormats);
}

DataPath LocateInput(const std::string& input, const fs::path& directory) {
  std::vector<std::string_view> names;
  names.reserve(std::size(kNamedInputs));
  for (const NamedInput& named : kNamedInputs) names.push_back(named.name);
  return Locate("input", input, directory,
                fmt::format("input is a path or one of {}{}", Listed(names),
                            DidYouMean(input, names)));
}

void SetSamples(Array array, const std::string& path, InputData* data) {
  const std::vector<size_t>& shape = array.shape;
  const size_t size = array.bytes.size() + array.reals.size();
  if (size == 0)
    throw DataError(path, "no data: its shape is {}", Listed(shape, " × "));
  data->samples = shape[0];
  data->width = size / shape[0];
  for (size_t i = 0; i < array.reals.size(); ++i)
    if (!std::isfinite(array.reals[i]))
      throw DataError(path,
                      "sample {}, column {} (counted from 0) is {}; every "
                      "entry must be finite",
                      i / data->width, i % data->width, array.reals[i]);
  if (array.from_matlab)
    data->notes.push_back(fmt::format(
        "MATLAB wrote this array, and writes every array transposed: in MATLAB "
        "its size is {}; if its rows are the samples there, save its transpose",
        Listed(std::vector<size_t>(shape.rbegin(), shape.rend()), " × ")));
  data->shape = shape;
  data->bytes = std::move(array.bytes);
  data->reals = std::move(array.reals);
  data->sha256 = std::move(array.sha256);
}

// Notes columns that are probably not features.
void NoteColumns(const CsvTable& table, bool labelled, InputData* data) {
  constexpr std::string_view kLabelNames[] = {"label",  "labels",  "class",
                                              "target", "species", "y"};
  if (!table.doubt.empty()) data->notes.push_back(table.doubt);
  for (const std::string& name : table.columns) {
    for (const std::string_view label : kLabelNames) {
      if (labelled || Lower(name) != label) continue;
      data->notes.push_back(
          fmt::format("column '{0}' is read as a feature; with labels = "
                      "column:{0} it is the labels",
                      Quoted(name)));
    }
  }
  if (data->reals.empty() || data->width < 2 || data->samples < 3) return;
  for (size_t j = 0; j < data->width; ++j) {
    const double first = data->reals[j];
    if (first != 0 && first != 1) continue;
    size_t i = 1;
    while (i < data->samples &&
           data->reals[i * data->width + j] == first + static_cast<double>(i))
      ++i;
    if (i < data->samples) continue;
    data->notes.push_back(fmt::format(
        "column {} (counted from 0) counts the samples from {}; if it is their "
        "index, leave it out (pandas: index=False)",
        j, first));
  }
}

void ReadLabels(const DataPath& path, InputData* data) {
  const CsvTable table = ReadTable(path, {.labels_file = true});
  SetLabels(table, true, path.Text(), data);
}

InputData ReadUnguarded(const std::string& input, const std::string& labels,
                        const fs::path& directory) {
  DataPath input_path;
  std::optional<DataPath> labels_path;
  if (input == "fashion-mnist-sample" || input == "fashion-mnist") {
    const FilePair files = input == "fashion-mnist" ? FindFashionMnist()
                                                    : FindFashionMnistSample();
    input_path.file = files.first.lexically_normal().string();
    labels_path = {files.second.lexically_normal().string(), {}};
  } else {
    input_path = LocateInput(input, directory);
  }
  const bool is_column = labels.starts_with(kColumnPrefix);
  const std::string column =
      is_column ? labels.substr(kColumnPrefix.size()) : "";
  InputData data;
  data.name = input;
  CsvTable table = ReadTable(input_path, {.label_column = column});
  SetSamples(std::move(table.array), input_path.Text(), &data);
  NoteColumns(table, !labels.empty(), &data);
  try {
    if (is_column) {
      table.array = {};
      SetLabels(table, false, input_path.file, &data);
    } else if (!labels.empty()) {
      ReadLabels(Locate("labels", labels, directory,
                        "labels is a path or column:NAME"),
                 &data);
    } else if (labels_path) {
      ReadLabels(*labels_path, &data);
    }
  } catch (const UserError& error) {
    throw LabelsError(error.code(), "{}", error.what());
  }
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
  return SplitDataPath(path, directory).file;
}

Matrix<double> ReadMatrix(std::string_view key, const std::string& path,
                          const fs::path& directory) {
  const DataPath place =
      Locate(key, path, directory, fmt::format("{} is a path", key));
  InputData data;
  Array array = ReadTable(place, {}).array;
  if (array.shape.size() != 2)
    throw DataError(place.Text(),
                    "a matrix has rows and columns, but its shape is {}",
                    Listed(array.shape, " × "));
  SetSamples(std::move(array), place.Text(), &data);
  Matrix<double> matrix(data.samples, data.width);
  for (size_t i = 0; i < matrix.size(); ++i)
    matrix.data()[i] = data.bytes.empty() ? data.reals[i] : data.bytes[i];
  return matrix;
}

}  // namespace initscope
