// A file that appears whole or not at all.
//
// The content is written to a temporary file in the same folder, which Commit()
// syncs to disk and renames. Until then no existing file is touched, and an
// abandoned OutputFile leaves nothing behind. The temporary file of a killed
// process is removed by the next OutputFile in that folder on that machine, as
// that begins or commits; a live process holds a lock on its own, where the
// file system has locks.
#pragma once

#include <filesystem>
#include <span>

#include "base/error.h"

namespace initscope {

// Thrown if an output file cannot be made because of its place, not because of
// its content. Another place may do (io/publish.h).
class OutputError : public UserError {
 public:
  using UserError::UserError;
};

// Removes the temporary files in `folder` that killed processes of this machine
// have left, or, where no other one can be at work, of any. Files that cannot
// be locked or removed stay.
enum class Machine { kThis, kAny };
void RemoveAbandonedFiles(const std::filesystem::path& folder,
                          Machine machine = Machine::kThis);

class OutputFile {
 public:
  // Creates the temporary file and writes to it, so that a missing, read-only
  // or full place is noticed before anything is computed. Throws OutputError
  // (kCannotCreate; kIo if the first byte cannot be written). An existing
  // `path` is an error, unless `overwrite` is set and the file is empty or a
  // results file. A file among `inputs`, by whatever name, is always an error.
  OutputFile(std::filesystem::path path, bool overwrite,
             std::span<const std::filesystem::path> inputs = {});
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& path() const { return path_; }

  // REQUIRES: the temporary file is written and closed. Throws OutputError
  // (kIo, or kCannotCreate if `path` has appeared meanwhile); the message says
  // whether `path` is in place nevertheless.
  void Commit();
  bool committed() const { return committed_; }

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool overwrite_;
  bool committed_ = false;
  int file_ = -1;  // the temporary file, locked
};

}  // namespace initscope
