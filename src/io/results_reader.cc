#include "io/results_reader.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>

#include "base/error.h"
#include "io/hdf5_handle.h"

namespace initscope {
namespace {

Hdf5Handle VariableText() {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type, H5T_VARIABLE);
  H5Tset_cset(type, H5T_CSET_UTF8);
  return type;
}

}  // namespace

class ResultsReader::File {
 public:
  explicit File(const std::string& path);

  [[noreturn]] void Fail(const std::string& what) const;
  std::string Text(const std::string& object, const char* name) const;
  Hdf5Handle OpenColumn(const std::string& path) const;
  void Read(const std::string& path, hid_t type, void* values) const;
  hid_t id() const { return file_; }

 private:
  std::string name_;
  Hdf5Silence silence_;
  Hdf5Handle file_;
};

ResultsReader::ResultsReader(const std::string& path)
    : file_(std::make_unique<File>(path)) {}

ResultsReader::~ResultsReader() = default;

std::string ResultsReader::Text(const std::string& object,
                                const char* name) const {
  return file_->Text(object, name);
}

void ResultsReader::Fail(const std::string& what) const { file_->Fail(what); }

ResultsReader::File::File(const std::string& path) : name_(path) {
  errno = 0;
  std::error_code error;
  if (std::filesystem::is_directory(path, error) ||
      !std::ifstream(path, std::ios::binary)) {
    throw UserError(
        ExitCode::kIo,
        fmt::format("{}: cannot read the results file: {}", path,
                    errno == 0 ? "it is a folder" : std::strerror(errno)));
  }
  file_ =
      Hdf5Handle(H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT), H5Fclose);
  if (!file_.ok()) Fail("is not an HDF5 file, or is damaged");
  if (Text("/", "format") != "initscope-results") {
    Fail("is an HDF5 file, but not of initscope's results");
  }
}

void ResultsReader::File::Fail(const std::string& what) const {
  throw UserError(ExitCode::kData, fmt::format("{}: {}", name_, what));
}

std::string ResultsReader::File::Text(const std::string& object,
                                      const char* name) const {
  if (H5Aexists_by_name(file_, object.c_str(), name, H5P_DEFAULT) <= 0) {
    return "";
  }
  const Hdf5Handle attribute(
      H5Aopen_by_name(file_, object.c_str(), name, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  const Hdf5Handle stored(H5Aget_type(attribute), H5Tclose);
  if (H5Tis_variable_str(stored) <= 0) return "";
  const Hdf5Handle type = VariableText();
  char* text = nullptr;
  if (H5Aread(attribute, type, &text) < 0 || text == nullptr) {
    Fail(fmt::format("the attribute {} cannot be read", name));
  }
  std::string copy = text;
  H5free_memory(text);
  return copy;
}

int64_t ResultsReader::Number(const std::string& object,
                              const char* name) const {
  if (H5Aexists_by_name(file_->id(), object.c_str(), name, H5P_DEFAULT) <= 0) {
    return 0;
  }
  const Hdf5Handle attribute(H5Aopen_by_name(file_->id(), object.c_str(), name,
                                             H5P_DEFAULT, H5P_DEFAULT),
                             H5Aclose);
  int64_t value = 0;
  if (H5Aread(attribute, H5T_NATIVE_INT64, &value) < 0) {
    file_->Fail(fmt::format("the attribute {} cannot be read", name));
  }
  return value;
}

bool ResultsReader::Has(const std::string& path) const {
  return H5Lexists(file_->id(), path.c_str(), H5P_DEFAULT) > 0;
}

Hdf5Handle ResultsReader::File::OpenColumn(const std::string& path) const {
  Hdf5Handle dataset(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!dataset.ok()) Fail(fmt::format("has no column {}", path));
  return dataset;
}

size_t ResultsReader::Length(const std::string& path) const {
  const Hdf5Handle dataset = file_->OpenColumn(path);
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const hssize_t length = H5Sget_simple_extent_npoints(space);
  if (length < 0) file_->Fail(fmt::format("{} is damaged", path));
  return static_cast<size_t>(length);
}

void ResultsReader::File::Read(const std::string& path, hid_t type,
                               void* values) const {
  const Hdf5Handle dataset = OpenColumn(path);
  if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    Fail(
        fmt::format("the column {} cannot be read; the file is damaged", path));
  }
}

std::vector<double> ResultsReader::Numbers(const std::string& path) const {
  std::vector<double> values(Length(path));
  file_->Read(path, H5T_NATIVE_DOUBLE, values.data());
  return values;
}

std::vector<uint64_t> ResultsReader::Wholes(const std::string& path) const {
  std::vector<uint64_t> values(Length(path));
  file_->Read(path, H5T_NATIVE_UINT64, values.data());
  return values;
}

std::vector<std::string> ResultsReader::Names(const std::string& path) const {
  const std::string meanings = Text(path, "flag_meanings");
  std::vector<std::string> names;
  if (!meanings.empty()) {
    std::istringstream words(meanings);
    std::vector<std::string> categories{
        std::istream_iterator<std::string>(words), {}};
    for (uint64_t code : Wholes(path)) {
      if (code >= categories.size()) {
        file_->Fail(fmt::format("{} has a code without a name", path));
      }
      names.push_back(categories[code]);
    }
    return names;
  }
  const Hdf5Handle type = VariableText();
  std::vector<char*> texts(Length(path));
  file_->Read(path, type, texts.data());
  for (char* text : texts) {
    names.emplace_back(text == nullptr ? "" : text);
    H5free_memory(text);
  }
  return names;
}

}  // namespace initscope
