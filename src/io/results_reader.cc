#include "io/results_reader.h"

#include <fmt/format.h>
#include <hdf5.h>
#include <hdf5_hl.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iterator>
#include <map>
#include <set>
#include <sstream>
#include <string_view>
#include <type_traits>
#include <variant>

#include "base/build_info.h"
#include "io/closing_line.h"
#include "io/contents_digest.h"
#include "io/file_kind.h"
#include "io/file_reader.h"
#include "io/results_writer.h"
#include "io/stored_values.h"

namespace initscope {
namespace {

UserError CannotRead(const std::string& path, const std::string& why) {
  return UserError(ExitCode::kIo, "{}: cannot read the results file: {}", path,
                   why);
}

// --- dimension scales

// Where an object is in its file: what a reference to it is.
haddr_t Address(hid_t object) {
  H5O_info_t info;
  return H5Oget_info2(object, &info, H5O_INFO_BASIC) >= 0 ? info.addr
                                                          : HADDR_UNDEF;
}

// The datasets whose dimension `scale` says it is.
std::set<haddr_t> UsersOfScale(hid_t scale) {
  struct User {
    hobj_ref_t dataset;
    int dimension;
  };
  const Hdf5Handle attribute(H5Aopen(scale, "REFERENCE_LIST", H5P_DEFAULT),
                             H5Aclose);
  const Hdf5Handle space(H5Aget_space(attribute), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space);
  const Hdf5Handle type(H5Tcreate(H5T_COMPOUND, sizeof(User)), H5Tclose);
  if (count <= 0 ||
      H5Tinsert(type, "dataset", offsetof(User, dataset), H5T_STD_REF_OBJ) <
          0 ||
      H5Tinsert(type, "dimension", offsetof(User, dimension), H5T_NATIVE_INT) <
          0) {
    return {};
  }
  std::vector<User> users(count);
  if (H5Aread(attribute, type, users.data()) < 0) return {};
  std::set<haddr_t> found;
  for (const User& user : users) found.insert(user.dataset);
  return found;
}

// The scales that `column` says it has; none if they cannot be read.
std::vector<haddr_t> ScalesOf(hid_t column) {
  std::vector<haddr_t> found;
  const herr_t status = H5DSiterate_scales(
      column, 0, nullptr,
      [](hid_t, unsigned, hid_t scale, void* data) -> herr_t {
        static_cast<std::vector<haddr_t>*>(data)->push_back(Address(scale));
        return 0;
      },
      &found);
  return status < 0 ? std::vector<haddr_t>() : found;
}

// The first bytes of a regular file, or all of a shorter one.
std::vector<uint8_t> Beginning(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (std::filesystem::is_directory(status)) {
    throw CannotRead(path, "it is a folder");
  }
  if (std::filesystem::exists(status) &&
      !std::filesystem::is_regular_file(status)) {
    throw CannotRead(path,
                     "it is a pipe or a device; save it to a file, as HDF5 "
                     "reads a file from both ends");
  }
  FileReader file(path, "results file", ExitCode::kIo);
  std::vector<uint8_t> bytes(kFileStart);
  bytes.resize(file.Read(bytes.data(), bytes.size()));
  return bytes;
}

bool IsText(std::string_view bytes) {
  return std::ranges::none_of(bytes, [](unsigned char c) {
    return (c < ' ' && std::strchr("\t\n\r\f", c) == nullptr) || c == 0;
  });
}

// What a file that is not HDF5 seems to be. `kind`: nullptr if unknown.
std::string KindText(const std::string& path, const FileKind* kind,
                     std::string_view bytes) {
  if (bytes.empty()) return "the file is empty";
  if (std::string_view("\x89HDF\r\n\x1a\n").starts_with(bytes)) {
    return "an HDF5 file that is cut short";
  }
  if (kind != nullptr) {
    return fmt::format("{}, not an HDF5 file{}", kind->name, kind->remedy);
  }
  if (!IsText(bytes)) return "not an HDF5 file, or its beginning is damaged";
  if (path.ends_with(".ini")) {
    return "an experiment, not results; 'initscope run' makes results of it, "
           "'initscope plan' says what it would run";
  }
  return "a text file, not HDF5";
}

// Opens the HDF5 file at `path`, read-only; never waits for a pipe or a device.
Hdf5Handle OpenHdf5(const std::string& path) {
  const std::vector<uint8_t> bytes = Beginning(path);
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                              bytes.size());
  const FileKind* kind = FindFileKind(bytes);
  const auto damaged = [&](const std::string& what) {
    return UserError(ExitCode::kData, "{}: {}", path, what);
  };
  if (kind == nullptr || kind->format != DataFormat::kHdf5) {
    throw damaged(KindText(path, kind, text));
  }
  const Hdf5Handle access = UnlockedAccess();
  // Of its own accord HDF5 keeps up to 32 MB of what it has read of each file.
  H5AC_cache_config_t cache = {};
  cache.version = H5AC__CURR_CACHE_CONFIG_VERSION;
  if (H5Pget_mdc_config(access, &cache) < 0) throw damaged(Hdf5Reason());
  cache.initial_size = cache.min_size = cache.max_size = size_t{256} << 10;
  if (H5Pset_mdc_config(access, &cache) < 0) throw damaged(Hdf5Reason());
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  if (!file.ok()) {
    const std::string reason = Hdf5Reason();
    if (Hdf5FailedInSystem()) throw CannotRead(path, reason);
    throw damaged("HDF5 cannot open it: " + reason);
  }
  return file;
}

}  // namespace

ResultsReader::ResultsReader(const std::string& path, Contents contents)
    : path_(path) {
  H5PLset_loading_state(0);  // a file must not choose what code runs
  file_ = OpenHdf5(path);
  if (Text("/", "format") != "initscope-results") {
    Fail("is an HDF5 file, but not of initscope's results");
  }
  const int64_t version = Number("/", "format_version");
  if (version > kFormatVersion) {
    Fail(
        "has format version {}, and this initscope ({}) knows "
        "none beyond {}; read it with the initscope that wrote it",
        version, GetBuildInfo().version, kFormatVersion);
  }
  if (version < 1) Fail("has format version {}", version);
  if (contents == Contents::kChecked) CheckContents();
}

void ResultsReader::CheckContents() const {
  const auto stored = TextAttribute(file_, "/", kContentsDigest);
  if (!stored) {
    constexpr int64_t kLastWithout = 3;
    const int64_t version = Number("/", "numerics_version");
    if (1 <= version && version <= kLastWithout) return;
    Fail("is damaged: the root has no attribute {}", kContentsDigest);
  }
  const std::string found =
      ContentsDigest(file_, [this](const std::string& what) {
        Fail("{}; the file is damaged or was changed", what);
      });
  if (found != stored) {
    Fail(
        "is damaged, or was changed since it was written: its "
        "columns and attributes are not those that its digest, "
        "the root's attribute {}, vouches for",
        kContentsDigest);
  }
}

std::string ResultsReader::Text(const std::string& object,
                                const char* name) const {
  return TextAttribute(file_, object, name).value_or("");
}

int64_t ResultsReader::Number(const std::string& object,
                              const char* name) const {
  return NumberAttribute(file_, object, name).value_or(0);
}

bool ResultsReader::Has(const std::string& path) const {
  return H5Lexists(file_, path.c_str(), H5P_DEFAULT) > 0;
}

std::vector<std::string> ResultsReader::Members(
    const std::string& group) const {
  std::vector<std::string> names;
  const auto add = [](hid_t, const char* name, const H5L_info_t*, void* to) {
    static_cast<std::vector<std::string>*>(to)->push_back(name);
    return herr_t{0};
  };
  if (H5Literate_by_name(file_, group.c_str(), H5_INDEX_CRT_ORDER, H5_ITER_INC,
                         nullptr, add, &names, H5P_DEFAULT) < 0) {
    Fail("the members of {} cannot be listed: {}", group, Hdf5Reason());
  }
  return names;
}

bool ResultsReader::IsText(const std::string& path) const {
  const Hdf5Handle column(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Handle type(H5Dget_type(column), H5Tclose);
  return type.ok() && StoredType(type) == "text";
}

ColumnValues ResultsReader::Column(const std::string& path) const {
  ColumnValues values = ReadColumn(file_, path);
  const size_t length =
      std::visit([](const auto& column) { return column.size(); }, values);
  const std::string group = path.substr(0, path.rfind('/'));
  const auto& [known, first] =
      lengths_.try_emplace(group, length, path).first->second;
  if (length != known) {
    Fail(
        "the column {} has {} values and {} has {}; the file is "
        "damaged or was changed",
        path, length, first, known);
  }
  return values;
}

std::vector<double> ResultsReader::Numbers(const std::string& path) const {
  return std::visit(
      [&](auto&& column) -> std::vector<double> {
        using Column = std::decay_t<decltype(column)>;
        if constexpr (std::is_same_v<Column, std::vector<std::string>>) {
          Fail("the column {} is not of numbers", path);
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
              Fail("{} has the negative value {}", path, value);
            }
          }
          return wholes;
        } else {
          Fail("the column {} is not of whole numbers", path);
        }
      },
      Column(path));
}

std::vector<std::string> ResultsReader::Categories(
    const std::string& path) const {
  std::istringstream words(Text(path, "flag_meanings"));
  return {std::istream_iterator<std::string>(words), {}};
}

std::vector<std::string> ResultsReader::Names(const std::string& path) const {
  ColumnValues column = Column(path);
  if (auto* texts = std::get_if<std::vector<std::string>>(&column)) {
    return std::move(*texts);
  }
  const auto* codes = std::get_if<std::vector<uint8_t>>(&column);
  if (codes == nullptr) Fail("the column {} has no names", path);
  const std::vector<std::string> categories = Categories(path);
  std::vector<std::string> names;
  for (const uint8_t code : *codes) {
    if (code >= categories.size()) {
      Fail("{} has a code without a name", path);
    }
    names.push_back(categories[code]);
  }
  return names;
}

void ResultsReader::CheckValues(const std::string& path) const {
  if (!path.starts_with("/tensors/") && !path.starts_with("/categories/")) {
    Column(path);
    return;
  }
  const Hdf5Handle dataset(H5Dopen2(file_, path.c_str(), H5P_DEFAULT),
                           H5Dclose);
  const auto digest = dataset.ok() ? DatasetDigest(dataset) : std::nullopt;
  if (!digest) Fail("{} cannot be read: {}", path, Hdf5Reason());
  if (digest != TextAttribute(file_, path, "sha256")) {
    Fail("{} is damaged: its values are not those of its digest", path);
  }
}

void ResultsReader::CheckBytes() const {
  if (ReadClosing(path_) == Closing::kDamaged) {
    Fail("is damaged: its bytes are not those that were written");
  }
}

void ResultsReader::CheckScales(const std::string& group) const {
  // H5DSis_attached() would open every column for each of them.
  std::map<haddr_t, std::set<haddr_t>> users;  // by scale
  const std::vector<std::string> names = Members(group);
  std::vector<Hdf5Handle> datasets;
  for (const std::string& name : names) {
    const Hdf5Handle& dataset = datasets.emplace_back(
        H5Dopen2(file_, (group + "/" + name).c_str(), H5P_DEFAULT), H5Dclose);
    if (dataset.ok() && H5DSis_scale(dataset) > 0) {
      users[Address(dataset)] = UsersOfScale(dataset);
    }
  }
  for (size_t i = 0; i < names.size(); ++i) {
    if (!datasets[i].ok() || H5Aexists(datasets[i], "DIMENSION_LIST") == 0) {
      continue;
    }
    const haddr_t column = Address(datasets[i]);
    if (!std::ranges::any_of(ScalesOf(datasets[i]), [&](haddr_t scale) {
          const auto found = users.find(scale);
          return found != users.end() && found->second.contains(column);
        })) {
      Fail("{}/{} is damaged: nothing ties it to the index of its table", group,
           names[i]);
    }
  }
}

size_t ResultsReader::Length(const std::string& scale) const {
  return Wholes(scale).size();
}

}  // namespace initscope
