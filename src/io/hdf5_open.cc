#include "io/hdf5_open.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <string_view>

#include "io/hdf5_error.h"

namespace initscope {
namespace {

constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";
constexpr std::string_view kGzip = "\x1f\x8b";
constexpr std::string_view kNumpy = "\x93NUMPY";

UserError CannotRead(const std::string& path, const std::string& why) {
  return UserError(
      ExitCode::kIo,
      fmt::format("{}: cannot read the results file: {}", path, why));
}

// The first bytes of a regular file; all of one that is shorter.
std::string Beginning(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) != 0) {
    throw CannotRead(path, std::strerror(errno));
  }
  if (S_ISDIR(status.st_mode)) throw CannotRead(path, "it is a folder");
  if (!S_ISREG(status.st_mode)) {
    throw CannotRead(path,
                     "it is a pipe or a device; save it to a file, as HDF5 "
                     "reads a file from both ends");
  }
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes(512, '\0');
  if (!file) throw CannotRead(path, std::strerror(errno));
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  if (file.bad()) throw CannotRead(path, std::strerror(errno));
  bytes.resize(static_cast<size_t>(file.gcount()));
  return bytes;
}

bool IsText(std::string_view bytes) {
  return std::none_of(bytes.begin(), bytes.end(), [](unsigned char c) {
    return (c < ' ' && std::strchr("\t\n\r\f", c) == nullptr) || c == 0;
  });
}

// What a file that is not HDF5 seems to be.
std::string KindText(const std::string& path, std::string_view bytes) {
  if (bytes.empty()) return "the file is empty";
  if (bytes.starts_with(kGzip)) {
    return "the file is compressed (gzip), not HDF5; gunzip it first";
  }
  if (bytes.starts_with(kNumpy)) return "a NumPy array, not an HDF5 file";
  if (kSignature.starts_with(bytes)) return "an HDF5 file that is cut short";
  if (!IsText(bytes)) return "not an HDF5 file, or its beginning is damaged";
  if (path.ends_with(".ini")) {
    return "an experiment, not results; 'initscope run' makes results of it, "
           "'initscope plan' says what it would run";
  }
  return "a text file, not HDF5";
}

}  // namespace

Hdf5Handle OpenHdf5(const std::string& path) {
  const std::string beginning = Beginning(path);
  const auto damaged = [&](const std::string& what) {
    return UserError(ExitCode::kData, fmt::format("{}: {}", path, what));
  };
  if (beginning.size() <= kSignature.size() ||
      !beginning.starts_with(kSignature)) {
    throw damaged(KindText(path, beginning));
  }
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access, false, true);
  Hdf5Handle file(H5Fopen(path.c_str(), H5F_ACC_RDONLY, access), H5Fclose);
  if (!file.ok()) {
    const std::string reason = Hdf5Reason();
    throw damaged("HDF5 cannot open it: " + reason);
  }
  return file;
}

UserError FileError(hid_t object, const std::string& what) {
  std::string name(static_cast<size_t>(
                       std::max<ssize_t>(H5Fget_name(object, nullptr, 0), 0)),
                   '\0');
  H5Fget_name(object, name.data(), name.size() + 1);
  return UserError(ExitCode::kData, fmt::format("{}: {}", name, what));
}

}  // namespace initscope
