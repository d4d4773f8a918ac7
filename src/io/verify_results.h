// Checks all that a results file says of itself.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "engine/run_status.h"

namespace initscope {

struct FileCheck {
  int64_t format_version = 0, numerics_version = 0;
  size_t runs = 0, rows = 0;
  size_t planned = 0;     // runs of the sweep; 0 if the file does not say
  size_t duplicates = 0;  // runs whose run_id another one has
  std::array<size_t, kRunStatusNames.size()> counts = {};  // by RunStatus
  // Entries of pre-activations and deltas that are NaN or infinite.
  double non_finite = 0;
  // What is wrong, in words; empty if the file is sound.
  std::vector<std::string> problems;
};

// Reads all of the file, in a child process (io/guarded_read.h). A file that
// cannot be opened throws UserError (kIo); all else that is wrong with it is a
// problem.
FileCheck VerifyResults(const std::string& path);

}  // namespace initscope
