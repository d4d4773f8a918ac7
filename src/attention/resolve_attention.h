// From settings as text to runs of attention.
//
// Either all matrices are drawn (a sweep), or X and the three weight matrices
// come from the user's files (one run, such as the worked example).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "attention/attention.h"
#include "spec/attention_spec.h"
#include "spec/sweep.h"

namespace initscope {

// Reads the matrix at `path`, the value of `key`. Throws UserError (kData).
using MatrixReader = std::function<Matrix<double>(std::string_view key,
                                                  const std::string& path)>;

struct AttentionSweep {
  std::vector<uint64_t> RunIds() const {
    std::vector<uint64_t> run_ids;
    for (const AttentionSpec& run : runs) run_ids.push_back(run.run_id);
    return run_ids;
  }

  std::vector<AttentionSpec> runs;
  size_t duplicates = 0;                         // dropped, by run_id
  std::shared_ptr<const AttentionInputs> given;  // null where drawn
};

// Throws UserError: kUsage for invalid values, for files combined with keys of
// drawn matrices, and for files in more than one run; kData for matrices that
// cannot be read or whose shapes do not match.
AttentionSweep ResolveAttention(const Sweep& sweep, const MatrixReader& read);

}  // namespace initscope
