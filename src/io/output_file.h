// A file that appears whole or not at all.
//
// The content is written to a temporary file in the same folder, which
// Commit() syncs to disk and renames. Until then nothing that existed before
// is touched, and an abandoned OutputFile leaves nothing behind; what a killed
// process left, the next OutputFile in that folder on that machine removes (a
// live one holds a lock on its temporary file, where there are locks).
#pragma once

#include <filesystem>
#include <span>

namespace initscope {

class OutputFile {
 public:
  // Creates the temporary file and writes to it, so that a place that is
  // missing, read-only or full is noticed before anything is computed. An
  // existing `path` is an error; with `overwrite`, only where it is neither
  // empty nor a results file, or is one of `inputs`, whatever its name. Throws
  // UserError (kCannotCreate; kIo if the first byte cannot be written).
  OutputFile(std::filesystem::path path, bool overwrite,
             std::span<const std::filesystem::path> inputs = {});
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& path() const { return path_; }

  // REQUIRES: the temporary file is written and closed. Throws OutputError
  // (kIo, or kCannotCreate if `path` has appeared meanwhile); the message says
  // whether `path` is in place all the same.
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
