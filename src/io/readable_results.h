// The results of a sweep for who reads them, finished or not.
#pragma once

#include <optional>
#include <string>

#include "io/temporary_folder.h"

namespace initscope {

class ReadableResults {
 public:
  // `path`: a results file; or, if there is none, the output of a sweep that is
  // not finished; or the folder OUTPUT.parts. Throws UserError: kIo if no run
  // of it is there, kData for a damaged part. REQUIRES: no other thread is at
  // work (io/guarded_read.h).
  explicit ReadableResults(const std::string& path);

  // The file to read: a temporary one with the runs that are there, if the
  // sweep is not finished.
  const std::string& file() const { return file_; }
  bool is_unfinished() const { return folder_.has_value(); }

 private:
  void Join(const std::string& output);

  std::string file_;
  std::optional<TemporaryFolder> folder_;
};

}  // namespace initscope
