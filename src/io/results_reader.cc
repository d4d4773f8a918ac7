#include "io/results_reader.h"

#include <fmt/format.h>

#include <iterator>
#include <map>
#include <sstream>
#include <type_traits>
#include <variant>

#include "base/build_info.h"
#include "io/contents_digest.h"
#include "io/hdf5_attribute.h"
#include "io/hdf5_open.h"
#include "io/results_writer.h"
#include "io/stored_column.h"

namespace initscope {
namespace {

template <typename Value>
constexpr bool kIsText = std::is_same_v<Value, std::string>;

}  // namespace

class ResultsReader::File {
 public:
  explicit File(const std::string& path);

  [[noreturn]] void Fail(const std::string& what) const;
  bool Has(const std::string& path) const;
  ColumnValues Column(const std::string& path);
  hid_t id() const { return file_; }

 private:
  void CheckContents() const;

  Hdf5Silence silence_;
  Hdf5Handle file_;
  // By group: the length of its columns and the first one that was read.
  std::map<std::string, std::pair<size_t, std::string>> lengths_;
};

ResultsReader::File::File(const std::string& path) {
  H5PLset_loading_state(0);  // a file must not choose what code runs
  file_ = OpenHdf5(path);
  if (TextAttribute(file_, "/", "format") != "initscope-results") {
    Fail("is an HDF5 file, but not of initscope's results");
  }
  const int64_t version =
      NumberAttribute(file_, "/", "format_version").value_or(0);
  if (version > kFormatVersion) {
    Fail(
        fmt::format("has format version {}, and this initscope ({}) knows "
                    "none beyond {}; read it with the initscope that wrote it",
                    version, GetBuildInfo().version, kFormatVersion));
  }
  if (version < 1) Fail(fmt::format("has format version {}", version));
  CheckContents();
}

void ResultsReader::File::Fail(const std::string& what) const {
  throw FileError(file_, what);
}

void ResultsReader::File::CheckContents() const {
  const auto stored = TextAttribute(file_, "/", kContentsDigest);
  if (!stored) {
    constexpr int64_t kLastWithout = 3;
    const int64_t version =
        NumberAttribute(file_, "/", "numerics_version").value_or(0);
    if (1 <= version && version <= kLastWithout) return;
    Fail(fmt::format("is damaged: the root has no attribute {}",
                     kContentsDigest));
  }
  const std::string found = ContentsDigest(file_, [&](const std::string& what) {
    Fail(what + "; the file is damaged or was changed");
  });
  if (found != stored) {
    Fail(
        fmt::format("is damaged, or was changed since it was written: its "
                    "columns and attributes are not those that its digest, "
                    "the root's attribute {}, vouches for",
                    kContentsDigest));
  }
}

bool ResultsReader::File::Has(const std::string& path) const {
  return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

ColumnValues ResultsReader::File::Column(const std::string& path) {
  ColumnValues values = ReadColumn(file_, path);
  const size_t length =
      std::visit([](const auto& column) { return column.size(); }, values);
  const std::string group = path.substr(0, path.rfind('/'));
  const auto& [known, first] =
      lengths_.try_emplace(group, length, path).first->second;
  if (length != known) {
    Fail(
        fmt::format("the column {} has {} values and {} has {}; the file is "
                    "damaged or was changed",
                    path, length, first, known));
  }
  return values;
}

ResultsReader::ResultsReader(const std::string& path)
    : file_(std::make_unique<File>(path)) {}

ResultsReader::~ResultsReader() = default;

std::string ResultsReader::Text(const std::string& object,
                                const char* name) const {
  return TextAttribute(file_->id(), object, name).value_or("");
}

int64_t ResultsReader::Number(const std::string& object,
                              const char* name) const {
  return NumberAttribute(file_->id(), object, name).value_or(0);
}

bool ResultsReader::Has(const std::string& path) const {
  return file_->Has(path);
}

ColumnValues ResultsReader::Column(const std::string& path) const {
  return file_->Column(path);
}

void ResultsReader::Fail(const std::string& what) const { file_->Fail(what); }

std::vector<double> ResultsReader::Numbers(const std::string& path) const {
  return std::visit(
      [&](auto&& column) -> std::vector<double> {
        using Column = std::decay_t<decltype(column)>;
        if constexpr (kIsText<typename Column::value_type>) {
          Fail(fmt::format("the column {} is not of numbers", path));
        } else if constexpr (std::is_same_v<Column, std::vector<double>>) {
          return std::move(column);
        } else {
          return {column.begin(), column.end()};
        }
      },
      Column(path));
}

std::vector<uint64_t> ResultsReader::Wholes(const std::string& path) const {
  return std::visit(
      [&](auto&& column) -> std::vector<uint64_t> {
        using Value = typename std::decay_t<decltype(column)>::value_type;
        if constexpr (std::is_integral_v<Value>) {
          std::vector<uint64_t> wholes(column.begin(), column.end());
          for (const Value value : column) {
            if (std::is_signed_v<Value> && value < Value{0}) {
              Fail(fmt::format("{} has the negative value {}", path, value));
            }
          }
          return wholes;
        } else {
          Fail(fmt::format("the column {} is not of whole numbers", path));
        }
      },
      Column(path));
}

std::vector<std::string> ResultsReader::Names(const std::string& path) const {
  ColumnValues column = Column(path);
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return std::move(*texts);
  }
  const auto* codes = std::get_if<std::vector<uint8_t>>(&column);
  if (codes == nullptr) Fail(fmt::format("the column {} has no names", path));
  std::istringstream words(Text(path, "flag_meanings"));
  const std::vector<std::string> categories{
      std::istream_iterator<std::string>(words), {}};
  std::vector<std::string> names;
  for (const uint8_t code : *codes) {
    if (code >= categories.size()) {
      Fail(fmt::format("{} has a code without a name", path));
    }
    names.push_back(categories[code]);
  }
  return names;
}

size_t ResultsReader::Length(const std::string& scale) const {
  return Wholes(scale).size();
}

}  // namespace initscope
