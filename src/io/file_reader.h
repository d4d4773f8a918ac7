// A file's bytes as they are, one piece after another; every failure of the
// system is an error and never the file's end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace initscope {

class FileReader {
 public:
  // Opens a file or a pipe. `what` is what the file is for ("data file"),
  // `code` that of errors. Throws UserError for a file that is missing or
  // unreadable, a folder and a device.
  FileReader(const std::string& path, const char* what, ExitCode code);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Fills `out` with the next `size` bytes and returns how many there were:
  // fewer only at the end. Throws UserError where the system cannot read.
  size_t Read(uint8_t* out, size_t size);

  // The file's size; 0 of a pipe.
  size_t size() const { return size_; }

 private:
  [[noreturn]] void Fail(int error) const;

  std::string path_;
  const char* what_;
  ExitCode code_;
  int fd_;
  size_t size_ = 0;
};

}  // namespace initscope
