// The bytes of a file as they are, piece by piece. A failure of the system is
// always an error, never the end of the file.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"

namespace initscope {

class FileReader {
 public:
  // Opens a file or a pipe. `what` says what it is for ("data file"); errors
  // have the code `code`. Throws UserError for a file that is missing or
  // unreadable, a folder, or a device.
  FileReader(const std::string& path, const char* what, ExitCode code);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Fills `out` with the next `size` bytes and returns how many there were:
  // fewer only at the end. Throws UserError if the system cannot read.
  size_t Read(uint8_t* out, size_t size);

  // The size of the file in bytes; 0 for a pipe.
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
