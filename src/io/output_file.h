// A file that appears whole or not at all.
//
// The content is written to a temporary file in the same folder, which
// Commit() syncs to disk and renames. Until then nothing that existed before
// is touched, and an abandoned OutputFile leaves nothing behind.
#pragma once

#include <filesystem>

namespace initscope {

class OutputFile {
 public:
  // Creates the temporary file, so that a folder that is missing or read-only
  // is noticed before anything is computed. Without `overwrite` an existing
  // `path` is an error. Throws UserError (kCannotCreate).
  OutputFile(std::filesystem::path path, bool overwrite);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  const std::filesystem::path& temporary() const { return temporary_; }
  const std::filesystem::path& path() const { return path_; }

  // REQUIRES: the temporary file is written and closed. Throws UserError (kIo,
  // or kCannotCreate if `path` has appeared meanwhile).
  void Commit();

 private:
  std::filesystem::path path_;
  std::filesystem::path temporary_;
  bool overwrite_;
  bool committed_ = false;
};

}  // namespace initscope
