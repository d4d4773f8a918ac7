#include "io/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>

#include "io/output_file.h"

namespace initscope {

namespace fs = std::filesystem;

TemporaryFolder::TemporaryFolder() {
  std::error_code error;
  std::string name = fs::temp_directory_path(error) / "initscope-XXXXXX";
  if (error || mkdtemp(name.data()) == nullptr) {
    throw OutputError(ExitCode::kCannotCreate,
                      "{}: no temporary folder can be created: {}", name,
                      error ? error.message() : std::strerror(errno));
  }
  path_ = name;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code error;  // what stays is in the way of nothing
  fs::remove_all(path_, error);
}

}  // namespace initscope
